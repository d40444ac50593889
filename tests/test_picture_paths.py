"""Where pictures lie, said by outputs in other folders than theirs; and pictures that are gone."""

import io
import shutil
import tarfile
import warnings
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from torch.utils.data import DataLoader
from typer.testing import CliRunner

from cli import app
from curate.errors import CurateError
from curate.torch import WeightedImages, WeightedStream
from tests.crawls import plain_png

ROWS, SIZE = 40, 8


def run(*arguments: object, fails: bool = False) -> str:
    result = CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "300"})
    assert result.exit_code == (2 if fails else 0), result.output
    return " ".join(result.output.split())


def picture(row: int) -> bytes:
    return plain_png((row + 1, 0, 0), (SIZE, SIZE))


def weigh(folder: Path, out: str, *options: object, structs: bool = False) -> Path:
    """Weigh DATA/crawl.parquet, whose pictures are DATA/img/ROW.png."""
    data = folder / "data"
    (data / "img").mkdir(parents=True)
    for row in range(ROWS):
        (data / "img" / f"{row}.png").write_bytes(picture(row))
    paths: pl.Series = pl.Series([f"img/{row}.png" for row in range(ROWS)])
    if structs:
        paths = pl.DataFrame({"bytes": pl.Series([None] * ROWS, dtype=pl.Binary), "path": paths})
        paths = paths.to_struct("image")
    x = np.eye(8)[np.arange(ROWS) % 2] + np.random.default_rng(0).normal(0, 0.1, (ROWS, 8))
    np.save(data / "x.npy", x.astype(np.float32))
    table = pl.DataFrame(
        {
            "key": [f"k{row:02d}" for row in range(ROWS)],
            "image": paths,
            "label": [("ant", "bee")[row % 2] for row in range(ROWS)],
        }
    )
    table.write_parquet(data / "crawl.parquet")
    run("weight", data / "crawl.parquet", "--embeddings", data / "x.npy", "--graph", "none",
        "--out", folder / out, *options)  # fmt: skip
    return folder / out


def require_seen(data: WeightedImages) -> None:
    """Make sure that every picture is that of its row."""
    assert len(data) == ROWS
    assert all(int(s.image[0, 0, 0]) == int(s.key[1:]) + 1 for s in (data[n] for n in range(ROWS)))


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".jsonl"])
@pytest.mark.parametrize("place", ["data/w", "elsewhere/w", "w", "data/img/w"])
def test_an_output_in_another_folder_knows_where_pictures_lie(
    tmp_path: Path, ending: str, place: str
) -> None:
    path = weigh(tmp_path, place + ending)
    require_seen(WeightedImages(path, size=SIZE, keep="all"))
    require_from_its_folder(path)


READERS = {".parquet": pl.read_parquet, ".csv": pl.read_csv, ".jsonl": pl.read_ndjson}


def require_from_its_folder(out: Path) -> None:
    """Make sure that image paths in an output lead to the pictures, from the output's folder."""
    for row, image in enumerate(READERS[out.suffix](out)["image"]):
        assert (out.parent / image).read_bytes() == picture(row)


@pytest.mark.parametrize("ending", [".parquet", ".csv"])
@pytest.mark.parametrize("first", ["data/w", "one/w", "w"])
@pytest.mark.parametrize("second", ["two/deep/r", "r", "data/r", "data/img/r"])
def test_paths_start_from_each_output_however_often_they_move(
    tmp_path: Path, ending: str, first: str, second: str
) -> None:
    path, refined = weigh(tmp_path, first + ending), tmp_path / (second + ending)
    verified = tmp_path / "verified.csv"
    pl.read_parquet(tmp_path / "data" / "crawl.parquet").select("key", "label").write_csv(verified)
    run("refine", path, "--verified", verified, "--head", "stack", "--epochs", 1, "-o", refined)
    require_from_its_folder(refined)
    require_seen(WeightedImages(refined, size=SIZE, keep="all"))
    third = tmp_path / "three" / f"x{ending}"
    run("export", refined, "--to", ending[1:], "--keep", "all", "-o", third)
    require_from_its_folder(third)


def test_paths_of_a_folder_of_pictures_start_from_the_output(tmp_path: Path) -> None:
    for row in range(ROWS):
        file = tmp_path / "crawl" / ("ant", "bee")[row % 2] / f"{row:02d}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(picture(row))
    run("weight", tmp_path / "crawl", "--encoder", "embedded", "--graph", "none")
    out = tmp_path / "crawl.weighted.parquet"
    written = pl.read_parquet(out)
    assert written.row(0)[:3] == ("ant/00.png", "crawl/ant/00.png", "ant")
    for key, image in written.select("key", "image").iter_rows():
        assert (tmp_path / image).read_bytes() == picture(int(key[4:6]))
    assert WeightedImages(out, size=SIZE, keep="all")[0].image.any()
    assert "crawl/ant/00.png" in run("inspect", out, "--key", "ant/00.png")


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
@pytest.mark.parametrize("place", ["data/x", "elsewhere/x", "x", "data/img/x"])
def test_paths_in_exports_start_from_the_folder_of_the_output(
    tmp_path: Path, ending: str, place: str
) -> None:
    path, out = weigh(tmp_path, "weights/w.parquet"), tmp_path / f"{place}.{ending}"
    run("export", path, "--to", ending, "--keep", "all", "--out", out)
    require_from_its_folder(out)
    if place == "elsewhere/x" and ending != "parquet":
        with pytest.raises(CurateError, match=r"leaves the folder .*root="):
            WeightedImages(out, size=SIZE, keep="all")
        require_seen(WeightedImages(out, size=SIZE, keep="all", root=tmp_path))
    else:
        require_seen(WeightedImages(out, size=SIZE, keep="all"))


def test_paths_in_structs_start_from_the_folder_of_the_output_too(tmp_path: Path) -> None:
    path, out = weigh(tmp_path, "w.parquet", structs=True), tmp_path / "elsewhere/x.parquet"
    run("export", path, "--to", "parquet", "--keep", "all", "--out", out)
    assert pl.read_parquet(out)["image"].struct["path"][3] == "../data/img/3.png"
    require_seen(WeightedImages(out, size=SIZE, keep="all"))


def test_pieces_of_tars_are_found_from_another_folder(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with tarfile.open(tmp_path / "data" / "0.tar", "w") as tar:
        for row in range(ROWS):
            for ending, data in (("png", picture(row)), ("cls", (b"ant", b"bee")[row % 2])):
                info = tarfile.TarInfo(f"k{row:02d}.{ending}")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    x = np.eye(8)[np.arange(ROWS) % 2] + np.random.default_rng(0).normal(0, 0.1, (ROWS, 8))
    np.save(tmp_path / "x.npy", x.astype(np.float32))
    run("weight", tmp_path / "data", "--embeddings", tmp_path / "x.npy", "--graph", "none",
        "--out", tmp_path / "w.parquet")  # fmt: skip
    out = tmp_path / "elsewhere" / "x.parquet"
    run("export", tmp_path / "w.parquet", "--to", "parquet", "--keep", "all", "--out", out)
    assert pl.read_parquet(out)["tar"][0] == "../data/0.tar"
    require_seen(WeightedImages(out, size=SIZE, keep="all"))


def test_a_file_that_was_moved_raises_and_names_path_root_and_option(tmp_path: Path) -> None:
    moved = tmp_path / "far" / "away"
    moved.mkdir(parents=True)
    path = shutil.move(weigh(tmp_path, "data/w.parquet"), moved / "w.parquet")
    with pytest.raises(CurateError, match=r"away/img/0.png\) is missing.*from .*away.*root="):
        WeightedImages(path, size=SIZE)[0]
    with pytest.raises(CurateError, match="is missing"):
        next(iter(WeightedStream(path, size=SIZE, shuffle=False)))
    with pytest.raises(CurateError, match="is missing"):
        next(iter(DataLoader(WeightedImages(path, size=SIZE), num_workers=2)))
    require_seen(WeightedImages(path, size=SIZE, keep="all", root=tmp_path / "data"))


@pytest.mark.parametrize("workers", [0, 2])
def test_pictures_that_are_gone_are_counted_and_warned_of_where_asked(
    tmp_path: Path, workers: int
) -> None:
    path = weigh(tmp_path, "data/w.parquet")
    for row in (3, 8, 20):
        (tmp_path / "data" / "img" / f"{row}.png").unlink()
    data = WeightedImages(path, size=SIZE, keep="all", missing="warn")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        samples = list(DataLoader(data, batch_size=None, num_workers=workers))
    assert data.unreadable == 3
    gone = [sample.key for sample in samples if not sample.image.any()]
    assert gone == ["k03", "k08", "k20"]
    assert all(sample.weight == 0 for sample in samples if sample.key in gone)
    if not workers:
        (one,) = [str(w.message) for w in said if "img/3.png" in str(w.message)]
        assert "black and weighs 0" in one
    with pytest.raises(CurateError, match="missing='never'"):
        WeightedImages(path, missing="never")
