"""Where part of the run's folder is gone or damaged, what is said is said whole, or why not."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app

KEY = "k14"


def delete(path: Path) -> None:
    path.unlink()


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def look(weighted: Path) -> tuple[int, dict[str, object], str]:
    result = CliRunner().invoke(app, ["inspect", str(weighted), "--key", KEY, "--json"])
    return result.exit_code, json.loads(result.stdout or "{}"), result.stderr


@pytest.mark.parametrize("damage", [delete, halve])
def test_any_file_of_the_run_that_is_gone_is_named(
    folder: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    for file in ("w.parquet", "crawl.parquet", "features.npy"):
        shutil.copy2(folder / file, tmp_path)
    shutil.copytree(folder / "crawl.parquet.curate", run := tmp_path / "crawl.parquet.curate")
    whole = look(tmp_path / "w.parquet")
    assert whole[0] == 0
    assert whole[1]["around"]
    told = 0
    for path in [path for path in run.rglob("*") if path.is_file() and path.stat().st_size]:
        before = path.read_bytes()
        damage(path)
        code, said, error = look(tmp_path / "w.parquet")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(before)
        if code == 2:
            told += 1
            assert str(run) in error, path
        elif said["around"] is None:
            told += 1
            assert code == 0
            assert str(run) in said["gone"], path
        else:
            assert (code, said["around"], said["gone"]) == (0, whole[1]["around"], None), path
    assert told >= 10


def test_on_the_screen_too(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "w.parquet", tmp_path)
    result = CliRunner().invoke(app, ["inspect", str(tmp_path / "w.parquet"), "--key", KEY])
    assert result.exit_code == 0
    assert "are not known:" in result.stdout
    assert "that run's folder is gone (not there: " in " ".join(result.stdout.split())
