"""Folders and files of the user's own that have the names of parts of curate break nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
USE = "import curate\ncurate.weight\nfrom prototypes.score.weights import sample_weight\n"


@pytest.fixture
def taken(tmp_path: Path) -> Path:
    """A folder with a package, a module and a script of the names of parts of curate."""
    (tmp_path / "prototypes").mkdir()
    (tmp_path / "prototypes" / "__init__.py").write_text("raise SystemExit('not ours')\n")
    (tmp_path / "graphs.py").write_text("raise SystemExit('not ours')\n")
    (tmp_path / "cli.py").write_text("raise SystemExit('not ours')\n")
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python as people do who have installed curate: after their own folder on sys.path."""
    site = folder / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(f"import sys; sys.path.insert(0, {str(ROOT)!r})")
    if arguments[0] != "-m":
        (folder / "script.py").write_text(arguments[0])
        arguments = ("script.py",)
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True,
        env={"PYTHONPATH": str(site), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip


def test_the_command_works(taken: Path) -> None:
    done = run(taken, "-m", "curate", "weight", "--help")
    assert done.returncode == 0, done.stderr
    assert "Usage: python -m curate weight" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("use", [USE, "import curate.torch"])
def test_a_script_beside_them_works_and_is_told(taken: Path, use: str) -> None:
    done = run(taken, use)
    assert done.returncode == 0, done.stderr
    theirs = {"graphs": taken / "graphs.py", "prototypes": taken / "prototypes" / "__init__.py"}
    for name, file in theirs.items():
        assert f"'import {name}' gives a part of curate here, not {file};" in done.stderr


def test_folders_of_pictures_are_not_packages(tmp_path: Path) -> None:
    for name in ("prototypes", "graphs", "curate"):
        (tmp_path / name).mkdir()
    done = run(tmp_path, USE)
    assert (done.returncode, done.stderr) == (0, "")


def test_one_sentence_says_what_clashes(tmp_path: Path) -> None:
    (tmp_path / "graphs.py").touch()
    done = run(tmp_path, "import graphs\nimport curate\n")
    assert done.returncode == 1
    (said,) = [line for line in done.stderr.splitlines() if line.startswith("ImportError")]
    assert said.endswith(f"{tmp_path / 'graphs.py'} was imported under that name; rename that one.")
