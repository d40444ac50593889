import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from curate.store.scratch import scratch_folder

KILLED = """
import os, signal
from curate.store.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "half").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def test_nothing_is_left_at_the_end_nor_by_an_error(home: Path) -> None:
    with pytest.raises(RuntimeError), scratch_folder() as folder:
        (folder / "a").write_text("a")
        assert folder.parent == home
        raise RuntimeError
    assert list(home.iterdir()) == []


def test_what_a_killed_process_left_is_cleared_by_the_next(home: Path) -> None:
    for _ in range(2):
        assert subprocess.run([sys.executable, "-c", KILLED]).returncode == -signal.SIGKILL
        (left,) = home.glob("*/half")  # the second has cleared the first one's
    with scratch_folder():
        assert not left.exists()
    assert list(home.iterdir()) == []


def test_what_is_still_worked_in_and_what_is_not_ours_stays(home: Path) -> None:
    (home / "curate-scratch-notes").write_text("a file of the user's")
    (home / "else").mkdir()
    with scratch_folder() as first:
        (first / "a").write_text("a")
        with scratch_folder():
            assert (first / "a").exists()
        assert (first / "a").exists()
    assert {file.name for file in home.iterdir()} == {"curate-scratch-notes", "else"}
