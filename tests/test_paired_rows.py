"""Rows that were sorted, filtered or replaced: paired by key, or refused; as a user runs it."""

import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from typer.testing import CliRunner

import curate
from cli import app
from curate.errors import CurateError
from curate.manifest import read

ROWS, NAMES = 240, ("blue", "green", "red")


def run(*arguments: object, fails: bool = False) -> str:
    result = CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "300"})
    assert result.exit_code == (2 if fails else 0), result.output
    return " ".join(result.output.split())


def draw(keys: bool = True) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    true = np.arange(ROWS) % 3
    given = np.where(rng.random(ROWS) < 0.2, (true + 1) % 3, true)
    x = np.eye(12)[true] + rng.normal(0, 0.1, (ROWS, 12))
    table = pl.DataFrame(
        {
            "key": [f"k{row:03d}" for row in range(ROWS)],
            "label": [NAMES[c] for c in given],
            "embedding": pl.Series(x.tolist(), dtype=pl.List(pl.Float32)),
            "clip": [f"v{row // 3}" for row in range(ROWS)],
            "true": [NAMES[c] for c in true],
        }
    )
    return table if keys else table.drop("key")


def weigh(folder: Path, *options: object, keys: bool = True, out: str = "w.parquet") -> Path:
    """Weigh a crawl; its rows that are verified are in v.csv."""
    table = draw(keys)
    table.write_parquet(folder / "m.parquet")
    named = table if keys else table.with_row_index("key")
    named.head(90).select("key", label="true").write_csv(folder / "v.csv")
    run("weight", folder / "m.parquet", "--graph", "none", "--out", folder / out, *options)
    return folder / out


def rewrite(path: Path, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    """Change the rows of a file as pandas and polars do, which drop what they do not know."""
    change(pl.read_parquet(path)).write_parquet(path)


def by_quality(table: pl.DataFrame) -> pl.DataFrame:
    return table.sort(pl.col("label_quality").cast(pl.Float32), "label")


def few(table: pl.DataFrame) -> pl.DataFrame:
    return by_quality(table)[ROWS // 4 :: 2]


def refine(path: Path, *options: object, **fails: bool) -> str:
    folder = path.parent
    verified = ("--verified", folder / "v.csv", "--epochs", 2)
    return run("refine", path, "--run-dir", folder / "m.parquet.curate", *verified, "--out",
               folder / "r.parquet", "--overwrite", *options, **fails)  # fmt: skip


def right(path: Path, of: list[str]) -> float:
    """Return the share of refined labels that are right, of rows that nobody has verified."""
    table = pl.read_parquet(path).filter(pl.col("key").is_in(of), pl.col("key") >= "k090")
    return float((table["refined_label"] == table["true"]).mean())  # type: ignore[arg-type]


@pytest.mark.parametrize("change", [by_quality, few])
@pytest.mark.parametrize("options", [(), ("--head", "nmn", "--bag", "clip")])
def test_sorted_and_filtered_files_are_refined_as_the_whole(
    tmp_path: Path, change: Callable[[pl.DataFrame], pl.DataFrame], options: tuple[str, ...]
) -> None:
    path = weigh(tmp_path)
    rewrite(path, change)
    keys = pl.read_parquet(path)["key"].to_list()
    refine(path, *options)
    written = pl.read_parquet(tmp_path / "r.parquet")
    assert written["key"].to_list() == keys
    assert right(tmp_path / "r.parquet", keys) > 0.95


def test_features_follow_the_rows(tmp_path: Path) -> None:
    path = weigh(tmp_path)
    whole = curate.embeddings(path)
    for change in (by_quality, few):
        rewrite(path, change)
        rows = [int(key[1:]) for key in pl.read_parquet(path)["key"]]
        found = curate.embeddings(path, run_dir=tmp_path / "m.parquet.curate")
        np.testing.assert_array_equal(found, whole[rows])


def test_no_rows_are_left(tmp_path: Path) -> None:
    path = weigh(tmp_path)
    rewrite(path, lambda table: table.head(0))
    assert "has no rows" in refine(path, fails=True)


def test_rows_of_another_crawl_and_rows_twice_are_refused(tmp_path: Path) -> None:
    path = weigh(tmp_path)
    original = path.read_bytes()
    rewrite(path, lambda table: table.with_columns(pl.col("key").replace("k007", "other")))
    assert "w.parquet, row 8: the run in" in (said := refine(path, fails=True))
    assert "has no row with the key 'other'" in said
    path.write_bytes(original)
    rewrite(path, lambda table: pl.concat([table, table[[7]]]))
    assert "more than one row with the key 'k007'" in refine(path, fails=True)
    assert not (tmp_path / "r.parquet").exists()


def test_labels_that_were_changed_since_are_refused_where_a_head_learns_them(
    tmp_path: Path,
) -> None:
    path = weigh(tmp_path)
    changed = pl.when(pl.col("key") == "k007").then(pl.lit("red")).otherwise("label")
    rewrite(path, lambda table: by_quality(table).with_columns(changed.alias("label")))
    assert draw()["label"][7] != "red"
    assert "row with the key 'k007' has another label" in refine(path, fails=True)


@pytest.mark.parametrize("change", [by_quality, few])
def test_without_keys_other_orders_are_refused(
    tmp_path: Path, change: Callable[[pl.DataFrame], pl.DataFrame]
) -> None:
    path = weigh(tmp_path, keys=False)
    refine(path)
    whole = curate.embeddings(path)
    rewrite(path, lambda table: table)
    os.utime(path, (1, 1))
    same = curate.embeddings(path, run_dir=tmp_path / "m.parquet.curate")
    np.testing.assert_array_equal(same, whole)
    rewrite(path, change)
    assert "no key column" in refine(path, fails=True)
    with pytest.raises(CurateError, match="no key column"):
        curate.embeddings(path, run_dir=tmp_path / "m.parquet.curate")


@pytest.mark.parametrize("moved", ["m.parquet", "m.weighted.parquet"])
def test_slim_weights_are_joined_by_key(tmp_path: Path, moved: str) -> None:
    path = weigh(tmp_path, "--slim", out="m.weighted.parquet")
    weights = pl.read_parquet(path).select("key", "weight")
    rewrite(tmp_path / moved, lambda table: table.reverse())
    run("export", path, "--to", "csv", "--keep", "all", "--out", tmp_path / "out.csv")
    both = pl.read_csv(tmp_path / "out.csv").join(weights, on="key")
    assert len(both) == ROWS
    np.testing.assert_allclose(both["weight"], both["weight_right"], atol=1e-6)
    refine(path)
    assert pl.read_parquet(tmp_path / "r.parquet").join(weights, on="key").filter(
        pl.col("weight") == pl.col("weight_right")
    ).height == ROWS  # fmt: skip


@pytest.mark.parametrize("command", ["export", "inspect"])
def test_slim_weights_of_other_labels_are_refused(tmp_path: Path, command: str) -> None:
    path = weigh(tmp_path, "--slim", out="m.weighted.parquet")
    turned = pl.col("label").reverse()
    rewrite(tmp_path / "m.parquet", lambda table: table.with_columns(turned))
    options = ("--to", "csv", "--out", tmp_path / "out.csv") if command == "export" else ()
    assert "has another label than when it was weighed" in run(command, path, *options, fails=True)
    assert not (tmp_path / "out.csv").exists()


def test_slim_weights_without_keys_want_the_very_files_that_were_weighed(tmp_path: Path) -> None:
    path = weigh(tmp_path, "--slim", keys=False, out="m.weighted.parquet")
    weights = pl.read_parquet(path).select("row", "weight")
    rewrite(path, lambda table: table.reverse())
    out = ("--to", "csv", "--keep", "all", "--out", tmp_path / "out.csv")
    run("export", path, *out)
    np.testing.assert_allclose(pl.read_csv(tmp_path / "out.csv")["weight"], weights["weight"])
    rewrite(tmp_path / "m.parquet", lambda table: table.reverse())
    assert "nothing tells which row is which" in run("export", path, *out, fails=True)


def test_slim_weights_of_other_keys_are_refused(tmp_path: Path) -> None:
    path = weigh(tmp_path, "--slim", out="m.weighted.parquet")
    other = pl.col("key").replace("k007", "k777")
    rewrite(tmp_path / "m.parquet", lambda table: table.with_columns(other))
    said = run("export", path, "--to", "csv", "--out", tmp_path / "out.csv", fails=True)
    assert "m.weighted.parquet has no row with the key 'k777'" in said


def swapped_at(monkeypatch: pytest.MonkeyPatch, path: Path, number: int, remove: bool) -> None:
    """Put other rows in the place of a file when rows are read for the n-th time."""
    new, passes = pl.read_parquet(path).reverse(), iter(range(1_000))
    as_it_is = read._numbered_batches

    def replaced(*arguments: object) -> object:
        if next(passes) == number:
            path.unlink()
            if not remove:
                new.write_parquet(path)
        return as_it_is(*arguments)

    monkeypatch.setattr(read, "_numbered_batches", replaced)


@pytest.mark.parametrize("remove", [False, True])
@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_a_manifest_that_is_replaced_meanwhile_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, remove: bool
) -> None:
    path = tmp_path / "m.parquet"
    draw().write_parquet(path)
    swapped_at(monkeypatch, path, number, remove)
    said = run("weight", path, "--graph", "none", fails=True)
    what = "was removed" if remove else "changed"
    assert f"m.parquet {what} while curate read it" in said
    assert not (tmp_path / "m.weighted.parquet").exists()


@pytest.mark.parametrize("remove", [False, True])
@pytest.mark.parametrize("command", ["refine", "export"])
def test_a_weighted_file_that_is_replaced_meanwhile_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, remove: bool
) -> None:
    path = weigh(tmp_path)
    swapped_at(monkeypatch, path, 0, remove)
    if command == "refine":
        said = refine(path, fails=True)
    else:
        said = run("export", path, "--to", "csv", "--out", tmp_path / "r.parquet.csv", fails=True)
    assert "while curate read it" in said
    assert not list(tmp_path.glob("r.parquet*"))


@pytest.mark.parametrize("column", ["image", "caption"])
def test_embeddings_without_keys_are_held_against_paths_and_captions(
    tmp_path: Path, column: str
) -> None:
    table = draw(keys=False).drop("embedding")
    table = table.with_columns(pl.Series(column, [f"{row}.png" for row in range(ROWS)]))
    (tmp_path / "clip" / "img_emb").mkdir(parents=True)
    (tmp_path / "clip" / "metadata").mkdir()
    embeddings = np.array(draw()["embedding"].to_list(), np.float32)
    np.save(tmp_path / "clip" / "img_emb" / "img_emb_0.npy", embeddings)
    table.select(column).write_parquet(tmp_path / "clip" / "metadata" / "metadata_0.parquet")
    path = tmp_path / "m.parquet"
    given = ("--embeddings", tmp_path / "clip", "--graph", "none", "--overwrite")
    table.write_parquet(path)
    run("weight", path, *given)
    table.sort("label", maintain_order=True).write_parquet(path)
    assert f"{column} is '" in (said := run("weight", path, *given, fails=True))
    assert "sort the manifest as the embeddings are" in said


def test_embeddings_that_are_replaced_meanwhile_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, x = tmp_path / "m.parquet", tmp_path / "x.npy"
    draw().drop("embedding").write_parquet(path)
    features = np.array(draw()["embedding"].to_list(), np.float32)
    np.save(x, features)

    def replaced(*_: object) -> None:
        x.unlink()
        np.save(x, features[::-1])

    monkeypatch.setattr("curate.features.find.check_embeddings", replaced)
    said = run("weight", path, "--embeddings", x, "--graph", "none", fails=True)
    assert "x.npy changed while curate read it" in said
    assert not (tmp_path / "m.weighted.parquet").exists()


def test_a_tar_that_is_replaced_meanwhile_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(path: Path, order: range) -> None:
        with tarfile.open(path, "w") as tar:
            for row in order:
                file = io.BytesIO()
                Image.new("RGB", (8, 8), ((row % 3) * 80, row, 0)).save(file, "bmp")
                for ending, data in (("bmp", file.getvalue()), ("cls", NAMES[row % 3].encode())):
                    info = tarfile.TarInfo(f"k{row:03d}.{ending}")
                    info.size = len(data)
                    tar.addfile(info, io.BytesIO(data))

    crawl = tmp_path / "tars"
    crawl.mkdir()
    write(crawl / "0.tar", range(60))
    as_it_is = read._numbered_batches

    def replaced(*arguments: object) -> object:
        write(tmp_path / "new.tar", range(59, -1, -1))
        (tmp_path / "new.tar").replace(crawl / "0.tar")
        return as_it_is(*arguments)

    monkeypatch.setattr(read, "_numbered_batches", replaced)
    said = run("weight", crawl, "--encoder", "embedded", "--graph", "none", fails=True)
    assert "0.tar changed while curate read it" in said
    assert not (tmp_path / "tars.weighted.parquet").exists()


@pytest.mark.parametrize("written", [("True", "False"), ("TRUE", "FALSE"), ("1", "0")])
def test_flags_that_pandas_or_a_spreadsheet_wrote_are_flags(
    tmp_path: Path, written: tuple[str, str]
) -> None:
    weighed = weigh(tmp_path)
    before = run("inspect", weighed)
    table = pl.read_parquet(weighed).drop("embedding")
    assert table["is_label_issue"].any()
    flags = pl.when("is_label_issue").then(pl.lit(written[0])).otherwise(pl.lit(written[1]))
    file = tmp_path / "edited.csv"
    table.with_columns(is_label_issue=flags).write_csv(file)
    after = run("inspect", file)
    said = [text.split("flagged", 1)[1].split(":")[0] for text in (before, after)]
    assert said[0] == said[1]


def test_flags_as_numbers_are_flags(tmp_path: Path) -> None:
    file = weigh(tmp_path)
    before = run("inspect", file)
    rewrite(file, lambda table: table.with_columns(pl.col("is_label_issue").cast(pl.Int8)))
    after = run("inspect", file)
    run("report", file, "--out", tmp_path / "page.html")
    said = [text.split("flagged", 1)[1].split(":")[0] for text in (before, after)]
    assert said[0] == said[1]
