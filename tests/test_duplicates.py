"""`curate weight` finds copies, says whose they are, and changes nothing else for it."""

import html
import io
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from curate.duplicates.copies import load_copies
from curate.store.run import Run

from .crawls import curate, plain_png

ROWS, NAMES = 90, ("ant", "bee", "cow")
COPIES = ("duplicate_of", "duplicates")


def written(pixels: np.ndarray, quality: int) -> bytes:
    file = io.BytesIO()
    image = Image.fromarray(pixels).resize((64, 64), Image.Resampling.BICUBIC)
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


def crawl(folder: Path, copied: int = 6) -> Path:
    """Write pictures, then copies of the first of them, then a placeholder for each label.

    One copy has another label than its picture.
    """
    rng = np.random.default_rng(0)
    tints = np.array([[90, 0, 0], [0, 90, 0], [0, 0, 90]])
    pixels = [rng.integers(0, 160, (9, 9, 3)) + tints[row % 3] for row in range(ROWS)]
    images = [written(one.astype(np.uint8), 90) for one in pixels]
    labels = [NAMES[row % 3] for row in range(ROWS)]
    if copied:
        images += [written(one.astype(np.uint8), 60) for one in pixels[:copied]]
        images += [plain_png("white", (side, 9)) for side in range(8, 20)] + [b"none"]
        labels += [NAMES[row % 3] for row in range(copied - 1)] + ["bee"]
        labels += [NAMES[row % 3] for row in range(12)] + ["ant"]
    keys = [f"k{row:03d}" for row in range(len(images))]
    path = folder / "crawl.parquet"
    pl.DataFrame({"key": keys, "image": images, "label": labels}).write_parquet(path)
    return path


def weigh(path: Path, *options: object) -> pl.DataFrame:
    out = path.with_name("out.parquet")
    done = curate(
        "weight", path, "--encoder", "embedded", "--graph", "none", "--workers", 2, "--overwrite",
        "--out", out, *options,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    return pl.read_parquet(out)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return crawl(tmp_path_factory.mktemp("copies"))


@pytest.fixture(scope="module")
def found(path: Path) -> pl.DataFrame:
    return weigh(path)


def test_copies_name_the_first_row_of_their_group(found: pl.DataFrame) -> None:
    of = found["duplicate_of"].to_list()
    assert of[:ROWS] == [None] * ROWS
    assert of[ROWS : ROWS + 6] == [f"k{row:03d}" for row in range(6)]
    assert of[ROWS + 6 :] == [None] + ["k096"] * 11 + [None]
    sizes = found["duplicates"].to_list()
    assert sizes[:ROWS] == [2] * 6 + [1] * (ROWS - 6)
    assert sizes[ROWS:] == [2] * 6 + [12] * 12 + [None]


def test_the_summary_tells_of_groups_conflicts_and_placeholders(path: Path) -> None:
    done = curate("weight", path, "--encoder", "embedded", "--graph", "none", "--overwrite")
    said = " ".join(done.output.split())
    assert "17 of an earlier row; groups: 7" in said
    assert (
        "groups with different labels: 2 (at most one of a group's labels is right, so at" in said
    )
    assert "'k096' is probably a placeholder: 12 rows of 3 labels show it" in said


def test_later_commands_name_the_same_placeholder(path: Path, found: pl.DataFrame) -> None:
    out = path.with_name("out.parquet")
    told = "'k096' is probably a placeholder: 12 rows of 3 labels show it"
    said = curate("duplicates", out).stdout
    assert f"{told}." in said
    assert "12 rows: 4 ant; 4 bee; 4 cow (6 of 12 rows shown)" in said
    said = " ".join(curate("inspect", out).stdout.split())
    assert "17 of an earlier row; groups: 7 groups with different labels: 2" in said
    assert told in said
    shown = {"row": 96, "rows": 12, "labels": 3, "key": "k096"}
    summary = json.loads(curate("inspect", out, "--json").stdout)["summary"]
    assert (summary["copies"], summary["copied"], summary["conflicts"]) == (17, 7, 2)
    assert summary["placeholders"] == [shown]
    assert json.loads(curate("duplicates", out, "--json").stdout)["placeholders"] == [shown]
    page = path.with_name("page.html")
    assert curate("report", out, "--out", page).exit_code == 0
    assert told in html.unescape(page.read_text())


def test_without_keys_a_placeholder_is_named_by_its_row(path: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain.parquet"
    pl.read_parquet(path).drop("key").write_parquet(plain)
    weigh(plain)
    assert (
        "row 97 is probably a placeholder" in curate("duplicates", tmp_path / "out.parquet").stdout
    )


def test_a_crawl_of_one_picture_is_refused_as_that(tmp_path: Path) -> None:
    path, white = tmp_path / "white.parquet", plain_png("white", (9, 9))
    labels = [NAMES[row % 3] for row in range(60)]
    pl.DataFrame({"image": [white] * 60, "label": labels}).write_parquet(path)
    done = curate("weight", path, "--encoder", "embedded", "--graph", "none", "--key", "none")
    assert done.exit_code == 2
    assert "all rows with features show one picture" in " ".join(done.output.split())


def test_of_one_picture_in_two_classes_nothing_is_counted_that_is_not_known(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (9, 9, 3)).astype(np.uint8)
    images = [written(pixels, quality) for quality in range(30, 90)]
    path, labels = tmp_path / "one.parquet", [NAMES[row % 2] for row in range(60)]
    pl.DataFrame({"image": images, "label": labels}).write_parquet(path)
    weighed = curate("weight", path, "--encoder", "embedded", "--graph", "none").output
    inspected = curate("inspect", tmp_path / "one.weighted.parquet").output
    reported = curate("report", tmp_path / "one.weighted.parquet")
    assert reported.exit_code == 0, reported.output
    for said in (" ".join(weighed.split()), " ".join(inspected.split())):
        assert "not judged 60, of 2 classes with fewer than 4 different images" in said
        assert "how many is not known, as no label is judged" in said
        assert "so at least 30 labels are wrong)" in said
        assert "row 1 is probably a placeholder: 60 rows of 2 labels show it" in said
        assert "Classes that suffer most" not in said
        assert "Worst classes" not in said
    assert "No samples are shown, as none is judged." in inspected
    page = (tmp_path / "one.weighted.html").read_text()
    assert not any("0 of " in said for said in (weighed, inspected, page))


def test_rows_without_keys_and_features_are_named_alike(tmp_path: Path) -> None:
    path = crawl(tmp_path, copied=0)
    images = pl.read_parquet(path)["image"].to_list()
    images[4] = b"none"
    labels = [NAMES[row % 3] for row in range(ROWS)]
    pl.DataFrame({"image": images, "label": labels}).write_parquet(path)
    assert curate("weight", path, "--encoder", "embedded", "--graph", "none").exit_code == 0
    assert "such as row 5)" in curate("inspect", path.with_name("crawl.weighted.parquet")).stdout


def test_they_are_not_looked_for_where_nobody_wants_them(path: Path, found: pl.DataFrame) -> None:
    without = weigh(path, "--no-duplicates", "--run-dir", path.with_name("without"))
    assert without.columns == found.drop(COPIES).columns
    assert not (path.with_name("without") / "duplicates").exists()


def test_the_number_of_workers_changes_nothing(path: Path, found: pl.DataFrame) -> None:
    assert weigh(path, "--workers", 3, "--run-dir", path.with_name("three")).equals(found)


def test_a_crawl_without_copies_has_none_and_other_columns_are_the_same(tmp_path: Path) -> None:
    path = crawl(tmp_path, copied=0)
    done = weigh(path)
    without = weigh(path, "--no-duplicates", "--run-dir", path.with_name("without"))
    assert without.equals(done.drop(COPIES))
    assert done["duplicate_of"].null_count() == ROWS
    assert (done["duplicates"] == 1).all()


def test_the_run_keeps_them_for_the_commands_that_follow(path: Path, found: pl.DataFrame) -> None:
    run = Run(path.with_name("crawl.parquet.curate"))
    (folder,) = (run.folder / "duplicates").iterdir()
    copies = load_copies(run, folder.name)
    assert copies.count == found["duplicate_of"].count() == 17
    assert copies.groups == 7
    first = copies.representative[copies.members]
    assert (copies.sizes[copies.members] == found["duplicates"].to_numpy()[first]).all()
    assert (np.diff(first) >= 0).all()


def test_numbers_stand_for_keys_where_there_are_none(path: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain.parquet"
    pl.read_parquet(path).drop("key").write_parquet(plain)
    assert weigh(plain)["duplicate_of"].to_list()[ROWS : ROWS + 2] == [0, 1]


@pytest.mark.parametrize("kind", [pl.Int32, pl.Categorical])
def test_keys_of_any_type_are_named(path: Path, tmp_path: Path, kind: type[pl.DataType]) -> None:
    other = tmp_path / "other.parquet"
    rows = pl.read_parquet(path)
    numbers = pl.int_range(pl.len()).cast(pl.String)
    keys = numbers.cast(pl.Int32) if kind == pl.Int32 else numbers.cast(kind)
    rows.with_columns(key=keys).write_parquet(other)
    named = weigh(other)["duplicate_of"]
    assert named.cast(pl.String).to_list()[ROWS : ROWS + 2] == ["0", "1"]
    assert named.dtype == (pl.Int32 if kind == pl.Int32 else pl.String)


def test_a_run_that_was_killed_finds_the_same(
    path: Path,
    tmp_path: Path,
    found: pl.DataFrame,
    killed_at_write: Callable[[int, bool], AbstractContextManager[None]],
) -> None:
    for fatal in (3, 4, 5):
        with killed_at_write(fatal, False):
            weigh(path, "--run-dir", tmp_path / str(fatal), "--debug")
        assert weigh(path, "--run-dir", tmp_path / str(fatal)).equals(found)


def test_equal_embeddings_are_copies(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, 24)) + 2 * np.eye(3, 24)[np.arange(ROWS) % 3]
    x[80] = x[2] * 3
    np.save(tmp_path / "x.npy", x)
    pl.DataFrame({"label": [NAMES[row % 3] for row in range(ROWS)]}).write_csv(tmp_path / "c.csv")
    done = curate("weight", tmp_path / "c.csv", "--embeddings", tmp_path / "x.npy",
                  "--graph", "none")  # fmt: skip
    assert done.exit_code == 0, done.output
    sizes = pl.read_csv(tmp_path / "c.weighted.csv")["duplicates"]
    assert sizes.to_list() == [2 if row in (2, 80) else 1 for row in range(ROWS)]
