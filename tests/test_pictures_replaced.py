"""Pictures that others have replaced, under the same names, since they were encoded."""

import os
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import Result
from typer.testing import CliRunner

from cli import app
from tests.crawls import png

ROWS = 40


def picture(label: int, seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 60, (16, 16, 3)) + 40
    pixels[..., label] += 120
    return png(pixels)


def crawl(folder: Path, kind: str) -> Path:
    """Write 40 pictures of two classes, and a table that names them by path or by a struct."""
    (folder / "pics").mkdir()
    paths = [f"pics/{row}.png" for row in range(ROWS)]
    for row, path in enumerate(paths):
        (folder / path).write_bytes(picture(row % 2, row))
    labels = ["ant" if row % 2 else "bee" for row in range(ROWS)]
    table = pa.table({"id": range(ROWS), "label": labels, "image": paths})
    if kind == "struct":
        struct = pa.StructArray.from_arrays([pa.nulls(ROWS, pa.binary()), paths], ["bytes", "path"])
        table = table.set_column(2, "image", struct)
    pq.write_table(table, folder / "crawl.parquet")
    return folder / "crawl.parquet"


def weigh(crawl: Path, *options: str) -> Result:
    line = ["weight", str(crawl), "--graph", "none", "--overwrite", "--workers", "1"]
    line += ["--encoder", "embedded", *options]
    result = CliRunner().invoke(app, line)
    assert result.exit_code == 0, result.output
    return result


def replace(path: Path, content: bytes) -> None:
    """Put another picture there, at another time."""
    then = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(then.st_atime_ns, then.st_mtime_ns + 1_000))


def suggestions(crawl: Path) -> list[str | None]:
    return pl.read_parquet(crawl.with_name("crawl.weighted.parquet"))["suggested_label"].to_list()


@pytest.mark.parametrize("kind", ["path", "struct"])
def test_pictures_that_changed_are_read_again_and_counted(tmp_path: Path, kind: str) -> None:
    table = crawl(tmp_path, kind)
    weigh(table)
    again = weigh(table)
    assert "Changed" not in again.stderr and "Gone" not in again.stderr
    before = features(table)
    for row in (3, 8):
        replace(tmp_path / "pics" / f"{row}.png", picture(1 - row % 2, 100 + row))

    after = weigh(table)
    assert "Changed: 2 of 40 pictures are other files than were read" in after.stderr
    others = ~np.isin(np.arange(ROWS), (3, 8))
    assert (features(table) == before)[others].all()
    assert (features(table) != before).any(axis=1)[~others].all()
    assert suggestions(table)[3] == "bee" and suggestions(table)[8] == "ant"
    assert "Changed" not in weigh(table).stderr


def features(table: Path) -> np.ndarray:
    newest = max(table.parent.glob("*.curate/features/*/*/features.npy"), key=os.path.getmtime)
    return np.load(newest)


def test_pictures_that_are_gone_keep_their_features_and_are_counted(tmp_path: Path) -> None:
    table = crawl(tmp_path, "path")
    weigh(table)
    before = suggestions(table)
    (tmp_path / "pics" / "5.png").unlink()
    after = weigh(table)
    assert "Gone: 1 of 40 pictures are no longer there" in after.stderr
    assert suggestions(table) == before
    (tmp_path / "pics" / "5.png").write_bytes(picture(0, 7))
    assert "Changed: 1 of 40" in weigh(table).stderr


def test_a_picture_that_was_not_there_is_read_when_it_is(tmp_path: Path) -> None:
    table = crawl(tmp_path, "path")
    (tmp_path / "pics" / "5.png").rename(tmp_path / "later.png")
    weigh(table)
    assert statuses(table)[5] == "missing"
    (tmp_path / "later.png").rename(tmp_path / "pics" / "5.png")
    weigh(table)
    assert statuses(table) == ["ok"] * ROWS


def statuses(table: Path) -> list[str]:
    return pl.read_parquet(table.with_name("crawl.weighted.parquet"))["status"].to_list()


def test_pictures_of_a_folder_that_changed_are_read_again(tmp_path: Path) -> None:
    for row in range(ROWS):
        path = tmp_path / "crawl" / ("ant" if row % 2 else "bee") / f"{row}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(row % 2, row))
    out = ("--out", str(tmp_path / "crawl.weighted.parquet"))
    weigh(tmp_path / "crawl", *out)
    assert suggestions(tmp_path / "crawl")[3 + 17] is not None
    replace(tmp_path / "crawl" / "ant" / "3.png", picture(0, 99))
    weigh(tmp_path / "crawl", *out)
    rows = pl.read_parquet(tmp_path / "crawl.weighted.parquet").filter(key="ant/3.png")
    assert rows["suggested_label"].to_list() == ["bee"]
