"""`curate export --against`: no picture of another manifest is among those that are written."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from curate import api

from .crawls import curate, done, refused, write_tar
from .test_duplicates import NAMES, written

ROWS = 60
LEAKED = [3, 4, 20]
"""Rows whose pictures are in the other manifest too; row 60 is a copy of row 3."""


def pixels(seed: int, rows: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    tints = np.array([[90, 0, 0], [0, 90, 0], [0, 0, 90]])
    made = [rng.integers(0, 160, (9, 9, 3)) + tints[row % 3] for row in range(rows)]
    return [one.astype(np.uint8) for one in made]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a crawl that was weighed, and another manifest."""
    folder = tmp_path_factory.mktemp("against")
    crawl, other = pixels(0, ROWS), pixels(1, 20)
    labels = [NAMES[row % 3] for row in range(ROWS)]
    images = [written(one, 90) for one in crawl] + [written(crawl[3], 70)]
    keys = [f"k{row}" for row in range(ROWS + 1)]
    rows = {"key": keys, "image": images, "label": [*labels, labels[3]]}
    pl.DataFrame(rows).write_parquet(folder / "crawl.parquet")
    images = [written(one, 90) for one in other] + [written(crawl[row], 40) for row in LEAKED]
    keys = [f"v{row}" for row in range(len(images) + 1)]
    labels = [NAMES[row % 3] for row in range(len(images) + 1)]
    rows = {"key": keys, "image": [*images, b"none"], "label": labels}
    pl.DataFrame(rows).write_parquet(folder / "val.parquet")
    result = curate("weight", folder / "crawl.parquet", "--encoder", "embedded", "--graph", "none")
    assert result.exit_code == 0, result.output
    return folder


def export(folder: Path, out: str, *options: object) -> str:
    result = curate(
        "export", folder / "crawl.weighted.parquet", "--to", "parquet", "--keep", "all",
        "--out", folder / out, *options,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def test_copies_of_the_other_manifest_and_their_copies_are_left_out_and_listed(
    folder: Path,
) -> None:
    said = export(folder, "train.parquet", "--against", folder / "val.parquet")
    kept = pl.read_parquet(folder / "train.parquet")["key"].to_list()
    assert kept == [f"k{row}" for row in range(ROWS) if row not in LEAKED]
    listed = pl.read_parquet(folder / "train.against.parquet")
    assert listed.rows() == [
        (3, "k3", "v20"), (4, "k4", "v21"), (20, "k20", "v22"), (60, "k60", "v20")
    ]  # fmt: skip
    assert "57 of 61" in said
    assert "(4): k3, k4, k20, ..." in said
    assert "rows without a picture that can be read, which are compared with none: 1" in said


def test_a_list_that_is_there_is_not_written_over(folder: Path) -> None:
    (folder / "again.against.parquet").write_bytes(b"mine")
    options = ("--to", "parquet", "--out", folder / "again.parquet", "--against")
    result = curate("export", folder / "crawl.weighted.parquet", *options, folder / "val.parquet")
    assert result.exit_code == 2
    assert "again.against.parquet exists" in " ".join(result.output.split())
    assert not (folder / "again.parquet").exists()


def of_features(folder: Path, x: np.ndarray, name: str) -> Path:
    rows = {
        "label": [NAMES[row % 3] for row in range(len(x))],
        "embedding": pl.Series(x.tolist(), dtype=pl.List(pl.Float32)),
    }
    pl.DataFrame(rows).write_parquet(folder / name)
    return folder / name


def test_where_there_are_no_pictures_features_are_compared(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, 64)) + 2 * np.eye(3, 64)[np.arange(ROWS) % 3]
    new = rng.normal(size=(9, 64)) + 2 * np.eye(3, 64)[np.arange(9) % 3]
    crawl = of_features(tmp_path, x, "crawl.parquet")
    result = curate("weight", crawl, "--graph", "none")
    assert result.exit_code == 0, result.output
    val = of_features(tmp_path, np.concatenate([new, 2 * x[[7, 5]]]), "val.parquet")
    export(tmp_path, "out.parquet", "--against", val)
    listed = pl.read_parquet(tmp_path / "out.against.parquet")
    assert listed.rows() == [(5, "5", "10"), (7, "7", "9")]
    assert len(pl.read_parquet(tmp_path / "out.parquet")) == ROWS - 2
    none = of_features(tmp_path, new, "new.parquet")
    export(tmp_path, "all.parquet", "--against", none)
    assert len(pl.read_parquet(tmp_path / "all.parquet")) == ROWS
    assert not len(pl.read_parquet(tmp_path / "all.against.parquet"))


def test_features_need_no_labels_either_and_may_be_files(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(ROWS, 64)) + 2 * np.eye(3, 64)[np.arange(ROWS) % 3]
    done("weight", of_features(tmp_path, x, "crawl.parquet"), "--graph", "none")
    column = tmp_path / "val.parquet"
    embedding = pl.Series("embedding", x[[7, 5]].tolist(), dtype=pl.List(pl.Float32))
    pl.DataFrame([embedding]).write_parquet(column)
    clip = tmp_path / "clip"
    (clip / "img_emb").mkdir(parents=True)
    np.save(clip / "img_emb" / "img_emb_0.npy", x[[7, 5]].astype(np.float16))
    (clip / "metadata").mkdir()
    pl.DataFrame({"caption": ["a", "b"]}).write_parquet(clip / "metadata" / "metadata_0.parquet")
    for val in (column, clip):
        export(tmp_path, "out.parquet", "--against", val, "--overwrite")
        listed = pl.read_parquet(tmp_path / "out.against.parquet")
        assert listed.rows() == [(5, "5", "1"), (7, "7", "0")]


def test_other_features_are_refused(tmp_path: Path, folder: Path) -> None:
    x = np.random.default_rng(0).normal(size=(ROWS, 64)) + 2 * np.eye(3, 64)[np.arange(ROWS) % 3]
    crawl = of_features(tmp_path, x, "crawl.parquet")
    assert curate("weight", crawl, "--graph", "none").exit_code == 0
    for val, words in (
        (of_features(tmp_path, x[:, :32], "val.parquet"), "has 32 features a row, and the crawl"),
        (folder / "val.parquet", "has no column 'embedding', and the crawl was weighed by"),
    ):
        result = curate(
            "export", tmp_path / "crawl.weighted.parquet", "--to", "csv",
            "--out", tmp_path / "out.csv", "--against", val,
        )  # fmt: skip
        assert result.exit_code == 2
        assert words in " ".join(result.output.split())


def test_where_nothing_is_left_it_says_why(folder: Path) -> None:
    options = ("--to", "parquet", "--out", folder / "nothing.parquet", "--against")
    result = curate("export", folder / "crawl.weighted.parquet", *options, folder / "crawl.parquet")
    assert result.exit_code == 2
    words = " ".join(result.output.split())
    assert f"leaves out {ROWS + 1} of {ROWS + 1}; name another manifest." in words
    result = curate("export", folder / "crawl.weighted.parquet", *options, folder / "val.parquet",
                  "--min-quality", 1)  # fmt: skip
    words = " ".join(result.output.split())
    assert f"leaves out 4 of {ROWS + 1}, and --keep weighted --min-quality 1.0 the others" in words


def pictures(folder: Path) -> list[bytes]:
    """Give the pictures of the other manifest: one of its own, and one that the crawl has too."""
    return [written(pixels(1, 1)[0], 90), written(pixels(0, ROWS)[LEAKED[0]], 40)]


def as_table(folder: Path) -> Path:
    pl.DataFrame({"image": pictures(folder)}).write_parquet(folder / "other.parquet")
    return folder / "other.parquet"


def as_parts(folder: Path) -> Path:
    (folder / "parts").mkdir()
    for number, picture in enumerate(pictures(folder)):
        pl.DataFrame({"image": [picture]}).write_parquet(folder / f"parts/{number}.parquet")
    return folder / "parts"


def as_paths(folder: Path, ending: str) -> Path:
    as_pictures(folder)
    paths = pl.DataFrame({"image": ["pictures/0.jpg", "pictures/1.jpg"]})
    path = folder / f"other{ending}"
    if ending == ".jsonl":
        paths.write_ndjson(path)
    else:
        paths.write_csv(path)
    return path


def as_pictures(folder: Path, below: str = "") -> Path:
    (folder / "pictures" / below).mkdir(parents=True)
    for number, picture in enumerate(pictures(folder)):
        (folder / "pictures" / below / f"{number}.jpg").write_bytes(picture)
    return folder / "pictures"


def as_tar(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    members = {f"{number}.jpg": data for number, data in enumerate(pictures(folder))}
    return write_tar(folder / "00000.tar", members)


FORMS = {
    "Parquet": (as_table, "1"),
    "a folder of Parquet files": (as_parts, "1"),
    "CSV": (partial(as_paths, ending=".csv"), "1"),
    "TSV": (partial(as_paths, ending=".tsv"), "1"),
    "JSON lines": (partial(as_paths, ending=".jsonl"), "1"),
    "a tar": (as_tar, "1"),
    "a folder of tars": (lambda folder: as_tar(folder / "tars").parent, "1"),
    "a flat folder of pictures": (as_pictures, "1.jpg"),
    "a folder of one class": (partial(as_pictures, below="cat"), "cat/1.jpg"),
    "folders that may be classes or not": (partial(as_pictures, below="a/b"), "a/b/1.jpg"),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_other_manifest_needs_no_labels_in_any_form(
    folder: Path, tmp_path: Path, form: str
) -> None:
    make, key = FORMS[form]
    out = tmp_path / "out.parquet"
    done("export", folder / "crawl.weighted.parquet", "--to", "parquet", "--keep", "all",
         "--out", out, "--against", make(tmp_path))  # fmt: skip
    assert pl.read_parquet(out)["key"].to_list() == [f"k{row}" for row in range(ROWS) if row != 3]
    listed = pl.read_parquet(tmp_path / "out.against.parquet")
    assert listed.rows() == [(3, "k3", key), (60, "k60", key)]


@pytest.mark.parametrize("labels", [["dog", "dog"], [None, None]])
def test_one_class_or_none_in_its_label_column_is_no_matter(
    folder: Path, tmp_path: Path, labels: list[str | None]
) -> None:
    rows = {"image": pictures(tmp_path), "label": pl.Series(labels, dtype=pl.String)}
    pl.DataFrame(rows).write_parquet(tmp_path / "other.parquet")
    said = export(folder, "labels.parquet", "--against", tmp_path / "other.parquet", "--overwrite")
    assert "59 of 61" in said


def empty_table(folder: Path) -> Path:
    pl.DataFrame(schema={"image": pl.Binary, "label": pl.String}).write_parquet(
        folder / "other.parquet"
    )
    return folder / "other.parquet"


def empty_text(folder: Path, name: str, text: str = "") -> Path:
    (folder / name).write_text(text)
    return folder / name


def empty_folder(folder: Path) -> Path:
    (folder / "other").mkdir()
    return folder / "other"


@pytest.mark.parametrize(
    "make",
    [
        empty_table,
        partial(empty_text, name="other.csv", text="image\n"),
        partial(empty_text, name="other.jsonl"),
        partial(empty_text, name="other.json", text="[]"),
        empty_folder,
    ],
)
def test_of_an_empty_one_all_rows_are_written_with_an_empty_list(
    folder: Path, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    said = export(folder, "of.parquet", "--against", make(tmp_path), "--overwrite")
    assert len(pl.read_parquet(folder / "of.parquet")) == ROWS + 1
    listed = pl.read_parquet(folder / "of.against.parquet")
    assert listed.columns == ["row", "key", "against"]
    assert not len(listed)
    assert "it has no rows, and so no row is left out" in said


def test_what_cannot_be_read_is_refused_without_a_word_of_labels(
    folder: Path, tmp_path: Path
) -> None:
    pl.DataFrame({"url": ["https://a.org/1.jpg"]}).write_csv(tmp_path / "urls.csv")
    pl.DataFrame({"a.jpg": ["b.jpg"]}).write_csv(tmp_path / "headless.csv")
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "notes.txt").write_text("none")
    for name, words in (
        ("urls.csv", "fetch the images first: img2dataset"),
        ("headless.csv", "write a line with the names of the columns above it, such as image."),
        ("texts", "holds no tars, no Parquet files and no pictures"),
        ("gone.csv", "does not exist"),
    ):
        said = refused("export", folder / "crawl.weighted.parquet", "--to", "csv", "--out",
                       tmp_path / "out.csv", "--against", tmp_path / name)  # fmt: skip
        assert words in said
        assert f"--against {tmp_path / name}" in said
        assert "label" not in said.replace("crawl", "")


def test_what_it_passes_over_is_said(folder: Path, tmp_path: Path) -> None:
    other = as_pictures(tmp_path)
    (other / "notes.txt").write_text("none")
    said = export(folder, "over.parquet", "--against", other)
    assert "passed over: files that are no pictures (1): notes.txt" in said


def test_a_list_does_not_outlive_the_output_that_it_is_of(folder: Path, tmp_path: Path) -> None:
    out, listed = tmp_path / "out.parquet", tmp_path / "out.against.parquet"
    options = ("export", folder / "crawl.weighted.parquet", "--to", "parquet", "--out", out)
    done(*options, "--against", folder / "val.parquet")
    assert listed.exists()
    out.unlink()
    said = refused(*options)
    assert f"{listed} lists what an earlier export to this place left out" in said
    assert not out.exists()
    done(*options, "--overwrite")
    assert out.exists()
    assert not listed.exists()


def test_another_file_of_that_name_is_left_alone(folder: Path, tmp_path: Path) -> None:
    mine = tmp_path / "out.against.parquet"
    mine.write_bytes(b"mine")
    options = ("--to", "parquet", "--out", tmp_path / "out.parquet", "--overwrite")
    done("export", folder / "crawl.weighted.parquet", *options)
    assert mine.read_bytes() == b"mine"


def test_an_output_of_another_ending_leaves_the_list_to_its_own(
    folder: Path, tmp_path: Path
) -> None:
    options = ("export", folder / "crawl.weighted.parquet", "--overwrite", "--to")
    against = ("--against", folder / "val.parquet")
    done(*options, "parquet", "--out", tmp_path / "out.parquet", *against)
    listed = (tmp_path / "out.against.parquet").read_bytes()
    done(*options, "csv", "--out", tmp_path / "out.csv")
    said = refused(*options, "csv", "--out", tmp_path / "out.csv", *against)
    assert "out.against.parquet lists what was left out of out.parquet" in said
    assert (tmp_path / "out.against.parquet").read_bytes() == listed


def test_the_copies_that_are_left_out_are_counted(folder: Path) -> None:
    said = export(folder, "first.parquet", "--duplicates", "first")
    assert "60 of 61" in said
    assert "further copies of pictures, by --duplicates first (1): k60" in said
    said = export(folder, "one.parquet", "--duplicates", "first", "--sample", "1")
    assert "by --duplicates first (1): k60" in said
    assert "--duplicates first" not in export(folder, "weigh.parquet", "--duplicates", "weigh")


def test_in_python_they_are_counted_too(folder: Path, tmp_path: Path) -> None:
    exported = api.export(
        folder / "crawl.weighted.parquet", to="parquet", out=tmp_path / "out.parquet", keep="all",
        duplicates="first", against=folder / "val.parquet",
    )  # fmt: skip
    counts = {each.what.split(",")[0]: each.count for each in exported.skipped}
    assert exported.rows == ROWS - len(LEAKED)
    assert [*counts.values()] == [4]
    exported = api.export(
        folder / "crawl.weighted.parquet", to="csv", out=tmp_path / "out.csv", keep="all",
        duplicates="first",
    )  # fmt: skip
    assert {each.what: (each.count, each.examples) for each in exported.skipped} == {
        "columns that csv cannot hold": (1, ("image",)),
        "further copies of pictures, by --duplicates first": (1, ("k60",)),
    }


def test_where_no_picture_can_be_read_or_none_is_there_nothing_is_written(
    folder: Path, tmp_path: Path
) -> None:
    out, other = tmp_path / "out.parquet", tmp_path / "other.parquet"
    options = ("export", folder / "crawl.weighted.parquet", "--to", "parquet", "--out", out)
    paths = empty_text(tmp_path, "paths.csv", "image_path\ngone/1.jpg\ngone/2.jpg\n")
    said = refused(*options, "--against", paths)
    assert "no row of 2 has a picture that can be read" in said
    assert re.search(r"row 1 was looked for at '\S*/gone/1\.jpg'", said)
    pl.DataFrame({"picture": pictures(tmp_path)}).write_parquet(other)
    said = refused(*options, "--against", other)
    assert "its columns are: picture; rename the one that holds them to 'image'" in said
    assert not out.exists()


def test_features_of_zeros_are_nothing_to_compare_with(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(ROWS, 64)) + 2 * np.eye(3, 64)[np.arange(ROWS) % 3]
    done("weight", of_features(tmp_path, x, "crawl.parquet"), "--graph", "none")
    said = refused(
        "export", tmp_path / "crawl.weighted.parquet", "--to", "csv", "--out",
        tmp_path / "out.csv", "--against", of_features(tmp_path, 0 * x[:4], "val.parquet"),
    )  # fmt: skip
    assert "no row of 4 has features to compare with" in said
    assert not (tmp_path / "out.csv").exists()


def test_a_split_says_where_copies_may_be_apart_and_counts_all_parts_in_order(
    folder: Path, tmp_path: Path
) -> None:
    said = export(folder, "split.parquet", "--split", "0.8/0.1/0.1")
    assert "which rows are copies" not in said
    assert re.search(r" train \d+ validation \d+ test \d+ ", said)
    weighted = tmp_path / "weighted.parquet"
    done("weight", folder / "crawl.parquet", "--encoder", "embedded", "--graph", "none",
         "--no-duplicates", "--out", weighted, "--run-dir", tmp_path / "run")  # fmt: skip
    said = done("export", weighted, "--to", "parquet", "--keep", "all", "--out",
                tmp_path / "out.parquet", "--split", "0.999999/0.000001")  # fmt: skip
    assert "copies of a picture may be in several parts" in said
    assert f"train {ROWS + 1} validation 0" in said
