"""What `curate weight` wrote, opened again: in every format, slim or whole, moved or not."""

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from cli import app
from curate.errors import CurateError
from curate.images.source import ImageSource, read
from curate.images.status import Status, Undecodable
from curate.options.columns import ColumnOptions
from curate.options.weighted import WeightedOptions
from curate.store.folders import Folders
from curate.weighted.open import open_weighted
from curate.weighted.weighted import Weighted
from prototypes.method import score_block

ROWS, CLASSES = 60, 3
LABELS = [f"class {row % CLASSES}" for row in range(ROWS)]


def weighed(folder: Path, *options: object, ending: str = ".parquet", halves: bool = False) -> None:
    """Weigh a crawl whose columns have names that nobody guesses."""
    rng = np.random.default_rng(0)
    features = np.eye(8)[np.arange(ROWS) % CLASSES] + rng.normal(0, 0.2, (ROWS, 8))
    if halves:
        features /= np.linalg.norm(features, axis=1, keepdims=True)
    np.save(folder / "features.npy", features.astype(np.float16 if halves else np.float32))
    table = pl.DataFrame(
        {
            "wer": [f"k{row:03d}" for row in range(ROWS)],
            "was": LABELS,
            "wo": [f"{row}.png" for row in range(ROWS)],
        }
    )
    path = folder / f"crawl{ending}"
    table.write_parquet(path) if ending == ".parquet" else table.write_csv(path)
    named = ("--label", "was", "--key", "wer", "--image", "wo", "--graph", "none")
    features_option = ("--embeddings", folder / "features.npy")
    arguments = ["weight", path, *named, *features_option, *options]
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == 0, result.output


def opened(path: Path, folder: Path, **options: object) -> Weighted:
    return open_weighted(WeightedOptions(path, **options), Folders(folder / "frozen"))


def rows_of(weighted: Weighted) -> pl.DataFrame:
    return weighted.scan().collect()


@pytest.mark.parametrize(
    "options",
    [(), ("--slim",), ("--prefix", "c_"), ("--out", "elsewhere/w.parquet", "--run-dir", "r")],
)
def test_a_parquet_file_says_itself_what_its_columns_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    weighed(tmp_path, *options)
    out = options[1] if "--out" in options else "crawl.weighted.parquet"
    weighted = opened(tmp_path / out, tmp_path)
    rows = rows_of(weighted)
    assert rows["label"].to_list() == LABELS
    assert rows["key"].to_list() == [f"k{row:03d}" for row in range(ROWS)]
    assert rows["row"].to_list() == list(range(ROWS))
    assert rows["weight"].dtype == pl.Float32
    assert weighted.pictures([7])[0].path.resolve() == tmp_path / "7.png"
    assert weighted.run == tmp_path / ("r" if "--out" in options else "crawl.parquet.curate")
    assert weighted.is_slim == (options == ("--slim",))


def test_single_rows_are_read_as_they_are_scanned(tmp_path: Path) -> None:
    for options in ((), ("--slim", "--overwrite")):
        weighed(tmp_path, *options)
        weighted = opened(tmp_path / "crawl.weighted.parquet", tmp_path)
        rows = rows_of(weighted)
        for some in ([7, 59, 0], [*range(ROWS - 1, -1, -1), 7]):
            assert weighted.read(some).equals(rows[some].select(weighted.read([0]).columns))
        assert weighted.read([]).equals(rows.head(0))
        whole = weighted.columns_of(7)
        assert (whole["wer"], whole["was"], whole["wo"]) == ("k007", "class 1", "7.png")
        assert whole["label_quality"] == rows["label_quality"][7]


def test_no_picture_outside_of_the_root_is_looked_at(tmp_path: Path) -> None:
    weighed(tmp_path)
    path = tmp_path / "crawl.weighted.parquet"
    weighted = opened(path, tmp_path)
    inside = ["a/../0.png", str(tmp_path / "1.png"), "é.png"]
    outside = ["../2.png", "/etc/passwd", "a/../../3.png", f"{tmp_path}x/4.png"]
    paths = [*inside, *outside, *["5.png"] * (ROWS - 7)]
    named = opened(path, tmp_path).path
    hostile = tmp_path / "hostile.parquet"
    pl.read_parquet(named).with_columns(wo=pl.Series(paths)).write_parquet(hostile)
    columns = ColumnOptions(label="was", image="wo", key="wer")
    weighted = opened(hostile, tmp_path, columns=columns)
    found = weighted.pictures(range(7))
    assert [_is_outside(source) for source in found] == [False] * 3 + [True] * 4


def _is_outside(source: ImageSource | None) -> bool:
    assert source is not None
    try:
        read(source)
    except Undecodable as error:
        return error.status == Status.OUTSIDE
    return False


def test_folders_may_move_together(tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    weighed(here)
    moved = here.rename(tmp_path / "moved")
    assert opened(moved / "crawl.weighted.parquet", tmp_path).run == moved / "crawl.parquet.curate"


def test_a_csv_is_read_as_the_same_numbers(tmp_path: Path) -> None:
    weighed(tmp_path, ending=".csv")
    named = ColumnOptions(label="was", key="wer", image="wo")
    weighted = opened(tmp_path / "crawl.weighted.csv", tmp_path, columns=named)
    weighed(tmp_path)
    whole = rows_of(opened(tmp_path / "crawl.weighted.parquet", tmp_path))
    assert rows_of(weighted).select(whole.columns).equals(whole)
    assert weighted.run == tmp_path / "crawl.csv.curate"


def test_without_its_run_there_are_still_the_rows(tmp_path: Path) -> None:
    weighed(tmp_path)
    out = tmp_path / "crawl.weighted.parquet"
    pl.read_parquet(out).write_parquet(tmp_path / "again.parquet")
    named = ColumnOptions(label="was", key="wer", image="wo")
    weighted = opened(tmp_path / "again.parquet", tmp_path, columns=named)
    assert weighted.run is None
    assert len(rows_of(weighted)) == ROWS
    found = opened(
        tmp_path / "again.parquet",
        tmp_path,
        columns=named,
        run_dir=tmp_path / "crawl.parquet.curate",
    )
    assert found.run == tmp_path / "crawl.parquet.curate"


@pytest.mark.parametrize("ending", [".parquet", ".csv"])
def test_what_the_weights_were_made_from_is_found_again(tmp_path: Path, ending: str) -> None:
    weighed(tmp_path, "--alpha", "1.1", ending=ending)
    named = ColumnOptions(label="was", key="wer", image="wo")
    work = opened(tmp_path / f"crawl.weighted{ending}", tmp_path, columns=named).work()
    assert (work.alpha, work.classes, work.encoder) == (
        1.1,
        ("class 0", "class 1", "class 2"),
        "embeddings",
    )
    (shard,) = work.shards
    g = work.fit.space.transform(np.concatenate(list(work.features.blocks(shard.name))))
    labels, prototypes = work.labels.array(shard.name, "labels"), work.fit.prototypes
    scores = score_block(g, labels, work.fit.space, prototypes, prototypes.p)
    rows = pl.read_parquet if ending == ".parquet" else pl.read_csv
    distance = rows(tmp_path / f"crawl.weighted{ending}")["distance"].to_numpy()
    np.testing.assert_allclose(scores.label.distance, distance, atol=1e-4)


def test_work_that_is_gone_is_said(tmp_path: Path) -> None:
    weighed(tmp_path)
    features = tmp_path / "crawl.parquet.curate" / "features"
    weighted = opened(tmp_path / "crawl.weighted.parquet", tmp_path)
    next(features.rglob("features.npy")).unlink()
    with pytest.raises(CurateError, match=r"no longer holds what .*features\.npy\); run the same"):
        weighted.work()
    shutil.rmtree(features)
    with pytest.raises(CurateError, match="no longer holds what the weights were made from"):
        weighted.work()


def test_external_features_that_are_gone_are_said(tmp_path: Path) -> None:
    weighed(tmp_path, halves=True)
    out = tmp_path / "crawl.weighted.parquet"
    looked = ("inspect", str(out), "--key", "k007")
    assert "k031" in CliRunner().invoke(app, looked).output
    (tmp_path / "features.npy").unlink()
    with pytest.raises(CurateError, match=r"features\.npy is gone, or cannot be read"):
        opened(out, tmp_path).work()
    without = CliRunner().invoke(app, looked)
    assert without.exit_code == 0
    assert "k007" in without.output and "k031" not in without.output


def test_what_cannot_be_is_said(tmp_path: Path) -> None:
    weighed(tmp_path, "--slim")
    out = tmp_path / "crawl.weighted.parquet"
    with pytest.raises(CurateError, match=r"--run-dir .*nowhere is not a run folder"):
        opened(out, tmp_path, run_dir=tmp_path / "nowhere")
    with pytest.raises(CurateError, match="no column 'x_label_quality'"):
        opened(out, tmp_path, prefix="x_")
    crawl = tmp_path / "crawl.parquet"
    pl.read_parquet(crawl).head(9).write_parquet(crawl)
    with pytest.raises(CurateError, match=r"has 60 rows, and .* has 9; weigh that again"):
        opened(out, tmp_path)
    crawl.unlink()
    with pytest.raises(CurateError, match="which it was made from, is not there"):
        opened(out, tmp_path)
