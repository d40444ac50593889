"""An output in a folder that takes no files, such as /proc, is refused before any work starts."""

from pathlib import Path

import pytest

from .crawls import done, refused
from .test_duplicates import crawl

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="/proc takes no files")
EMBEDDED = ("--encoder", "embedded", "--graph", "none")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unwritable")
    crawl(folder).rename(folder / "weighed.parquet")
    done("weight", folder / "weighed.parquet", *EMBEDDED)
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ("export", "weighed.weighted.parquet", "--to", "csv", "--out", "/proc/out.csv"),
        ("export", "weighed.weighted.parquet", "--to", "imagefolder", "--out", "/proc/out"),
        ("report", "weighed.weighted.parquet", "--out", "/proc/below/out.html"),
        ("verify", "weighed.weighted.parquet", "--html", "/proc/out.html"),
        ("graph", "weighed.parquet", "--out", "/proc/out.png"),
    ],
)
def test_it_is_refused_in_a_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(folder)
    said = refused(*words)
    assert f"{words[-1]} cannot be written: no file can be made in /proc" in said
    assert "name another place" in said


def test_no_picture_is_encoded_before(tmp_path: Path) -> None:
    run = tmp_path / "run"
    options = (*EMBEDDED, "--out", "/proc/out.parquet", "--run-dir", run)
    said = refused("weight", crawl(tmp_path), *options)
    assert "/proc/out.parquet cannot be written" in said
    assert not (run / "features").exists()
