import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from rich.console import Console

from curate.errors import CurateError
from curate.manifest.classes import Classes, count_classes, read_class_file, require_repeated_labels
from curate.manifest.look_alikes import say_look_alikes
from curate.manifest.manifest import Manifest
from curate.manifest.open import open_manifest
from curate.manifest.spellings import spelled
from curate.options.columns import ColumnOptions
from curate.store.folders import Folders

NFC, NFD = "caf\u00e9", "cafe\u0301"


def opened(labels: pl.Series | list[object], tmp_path: Path) -> Manifest:
    path = tmp_path / "crawl.parquet"
    pl.DataFrame({"label": labels}).write_parquet(path)
    return open_manifest(path, ColumnOptions(), None, Folders(tmp_path / "frozen"))


def refusal(labels: pl.Series | list[object], tmp_path: Path) -> str:
    with pytest.raises(CurateError) as caught:
        count_classes(opened(labels, tmp_path))
    assert len(str(caught.value)) < 600
    return str(caught.value)


def said(classes: Classes) -> str:
    console = Console(width=1_000, record=True)
    say_look_alikes(classes, console)
    return console.export_text()


def test_labels_that_look_the_same_are_one_class(tmp_path: Path) -> None:
    labels = [NFD, NFC, NFD, " dog", "dog", "dog", "dog\u00a0", "", "  ", None, "big  cat"]
    classes = count_classes(opened(labels, tmp_path))
    assert classes.names == ("big  cat", NFD, "dog")
    assert classes.counts == (1, 3, 4)
    assert classes.joined == ((NFD, NFC), ("dog", " dog", "dog\u00a0"))
    found = classes.indices(pl.Series([*labels, "bird"]))
    assert found.tolist() == [1, 1, 1, 2, 2, 2, 2, -1, -1, -1, 0, -1]
    assert found.dtype == np.int32
    assert "2 classes written in several ways" in said(classes)


def test_lists_of_labels_that_look_the_same_have_one_class(tmp_path: Path) -> None:
    manifest = opened([[NFD, "a"], [NFC], ["a "], [], None], tmp_path)
    classes = count_classes(manifest)
    assert (classes.names, classes.counts) == (("a", NFD), (2, 2))
    assert classes.indices(manifest.scan_labels().collect()["label"]).tolist() == [1, 0, 1, 0]


def test_spellings_are_counted_with_the_commonest_first() -> None:
    labels = pl.LazyFrame({"label": [" a", "a", "a", "b", None, " "]})
    assert spelled(labels) == ({"a": 3, "b": 1}, [("a", " a"), ("b",)])


def test_labels_that_differ_in_case_and_words_for_none_are_warned_of(tmp_path: Path) -> None:
    words = said(count_classes(opened(["Dog", "dog", "DOG", "nan", "None", "N/A", "x"], tmp_path)))
    assert "differ only in case: 1, such as 'DOG', 'Dog', 'dog'" in words
    assert "'N/A' (1 row), 'None' (1 row), 'nan' (1 row)" in words
    assert said(count_classes(opened(["dog", "cat"], tmp_path))) == ""


@pytest.mark.parametrize(
    "vectors",
    [
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        [[1, 0, 1], [0, 1, 1], None],
        [[True, False], [False, True]],
        [["0", "1"], ["1", "0"]],
        [[-1, 1], [1, -1]],
        ["[0, 1]", "[1, 0]"],
        ["0 1 0", "1 0 0"],
        ["[False, True]", "[True, False]"],
        [[255, 0, 0], [0, 255, 0], [0, 0, 255], None],
        [["no", "no", "yes"], ["yes", "no", "no"]],
        [[5, 0, 0], [0, 2, 0], [0, 0, 0]],
    ],
)
def test_one_hot_vectors_are_refused_with_the_way_out(
    tmp_path: Path, vectors: list[object]
) -> None:
    words = refusal(vectors, tmp_path)
    assert re.search("vectors (with a place for each class, such as )?of 0 and 1", words)
    assert "write the" in words


def test_one_hot_vectors_of_other_types_are_refused(tmp_path: Path) -> None:
    fixed = pl.Series([[0, 1, 0], [1, 0, 0]], dtype=pl.Array(pl.UInt8, 3))
    assert "each 3 long" in refusal(fixed, tmp_path)
    with pytest.raises(CurateError, match="of vectors of 0 and 1 write the classes that are 1"):
        opened([[0.0, 1.0], [1.0, 0.0]], tmp_path)


def test_lists_of_two_numbered_classes_are_labels(tmp_path: Path) -> None:
    assert count_classes(opened([[0], [1], [0, 1], []], tmp_path)).names == ("0", "1")
    assert count_classes(opened([[0, 2], [1, 0]], tmp_path)).names == ("0", "1", "2")


def test_what_several_people_said_is_a_list_of_labels(tmp_path: Path) -> None:
    said_by_three = [["a", "a", "b"], ["b", "b", "b"], ["c", "c", "a"], ["a", "a", "a"]]
    assert count_classes(opened(said_by_three, tmp_path)).names == ("a", "b", "c")


@pytest.mark.parametrize(
    "labels",
    [
        ["['a', 'b']", "c"],
        ["{'a'}", "{'b'}"],
        ["('a',)", "('b',)"],
        ["array(['a'], dtype=object)", "array(['b'], dtype=object)"],
        ["[a, b]", "[c]"],
    ],
)
def test_lists_written_as_text_are_refused(tmp_path: Path, labels: list[object]) -> None:
    assert "holds lists written as text, such as '" in refusal(labels, tmp_path)


def test_a_class_in_brackets_is_a_class(tmp_path: Path) -> None:
    assert count_classes(opened(["[unknown]", "a"], tmp_path)).names == ("[unknown]", "a")


@pytest.mark.parametrize("unseen", ["\u200b", "\u200e", "\u2060", "\u00ad", "\u202a", "\ufeff"])
def test_signs_that_nobody_sees_make_no_other_class(tmp_path: Path, unseen: str) -> None:
    assert count_classes(opened(["cat", f"c{unseen}at", "cat", "a"], tmp_path)).counts == (1, 3)


def test_a_very_long_label_is_refused_with_its_row(tmp_path: Path) -> None:
    words = refusal(["a", "b", "x" * 2**20, "a"], tmp_path)
    assert "row 3: column 'label' has a label of 1,048,576 characters" in words
    assert count_classes(opened(["a", "x" * 256], tmp_path)).counts == (1, 1)


def test_labels_of_one_row_each_are_refused_before_anything_is_made_of_them(
    tmp_path: Path,
) -> None:
    manifest = opened([f"photo {at}" for at in range(2_000)] + ["photo 0"], tmp_path)
    with pytest.raises(CurateError, match="2,000 different labels in 2,001 rows, such as 'photo"):
        require_repeated_labels(manifest, count_classes(manifest))
    pairs = opened(["a", "a", "b", "b", "c"], tmp_path)
    require_repeated_labels(pairs, count_classes(pairs))


def test_a_table_of_classes_matches_labels_that_look_the_same(tmp_path: Path) -> None:
    (tmp_path / "classes.csv").write_text(f"label,name\n {NFD},coffee\n")
    read = read_class_file(tmp_path / "classes.csv", Classes((NFC, "dog"), (1, 1)))
    assert read[NFC]["name"] == "coffee"
    with pytest.raises(CurateError, match="does not exist"):
        read_class_file(tmp_path / "no.csv", Classes((NFC,), (1,)))
