"""A process is killed while it replaces a folder: the old one or the new one is there."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from curate.store import atomic
from curate.store.atomic import appearing_folder, clear_unfinished, remove_unfinished
from curate.store.exchange import exchange

REPLACE = """
import os, signal, sys
from pathlib import Path
from curate.store import atomic

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

{deadly}
with atomic.appearing_folder(Path(sys.argv[1])) as unfinished:
    (unfinished / "version").write_text("new")
"""
BEFORE_EXCHANGE = "atomic.exchange = die"
AFTER_EXCHANGE = """
exchange = atomic.exchange
atomic.exchange = lambda *names: (exchange(*names), die())
"""
IN_TWO_STEPS = """
atomic.exchange = lambda *_: False
rename, steps = Path.rename, []
def step(self, target):
    steps.append(target)
    if len(steps) == {fatal}:
        die()
    return rename(self, target)
Path.rename = step
"""


def killed(folder: Path, deadly: str) -> None:
    line = [sys.executable, "-c", REPLACE.format(deadly=deadly), str(folder)]
    assert subprocess.run(line).returncode == -signal.SIGKILL


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "export-1").mkdir()
    (tmp_path / "export-1" / "version").write_text("old")
    return tmp_path / "export-1"


def only_version(folder: Path) -> str:
    assert [file.name for file in folder.parent.iterdir()] == [folder.name]
    return (folder / "version").read_text()


def test_names_that_change_places_leave_no_moment_without_the_folder(folder: Path) -> None:
    killed(folder, BEFORE_EXCHANGE)
    assert (folder / "version").read_text() == "old"
    killed(folder, AFTER_EXCHANGE)
    assert (folder / "version").read_text() == "new"
    clear_unfinished(folder)
    assert only_version(folder) == "new"


@pytest.mark.parametrize("fatal", [1, 2])
def test_where_two_steps_are_needed_the_old_folder_comes_back(folder: Path, fatal: int) -> None:
    killed(folder, IN_TWO_STEPS.format(fatal=fatal))
    assert folder.exists() == (fatal == 1)
    clear_unfinished(folder)
    assert only_version(folder) == "old"


def test_the_next_write_keeps_the_old_folder_until_it_has_another(folder: Path) -> None:
    killed(folder, IN_TWO_STEPS.format(fatal=2))
    with pytest.raises(RuntimeError), appearing_folder(folder):
        raise RuntimeError
    assert only_version(folder) == "old"


def test_in_a_run_folder_the_old_one_comes_back_too(folder: Path) -> None:
    killed(folder, IN_TWO_STEPS.format(fatal=2))
    remove_unfinished(folder.parent)
    assert only_version(folder) == "old"


def test_without_an_exchange_two_steps_replace_the_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atomic, "exchange", lambda *_: False)
    with appearing_folder(folder) as unfinished:
        (unfinished / "version").write_text("new")
    assert only_version(folder) == "new"


def test_what_cannot_change_places_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        exchange(tmp_path / "a", tmp_path / "b")
