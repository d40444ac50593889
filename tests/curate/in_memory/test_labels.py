"""Every kind of label that a table or a list may have."""

import datasets
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch

import curate
from curate.errors import CurateError
from tests.curate.in_memory.small_crawl import ROWS, WRONG, features, labels, numbers, weigh


def suspects(rows: pl.DataFrame) -> list[int]:
    return rows.with_row_index().filter("is_label_issue")["index"].to_list()


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (labels(), pl.String),
        (tuple(labels()), pl.String),
        (np.array(labels()), pl.String),
        (np.array(labels(), object), pl.String),
        (numbers(), pl.Int64),
        (np.array(numbers(), np.int8), pl.Int64),
        (np.array(numbers(), np.float32), pl.Int64),
        ([bool(number) for number in numbers()], pl.Boolean),
        (pl.Series(numbers(), dtype=pl.UInt16), pl.UInt16),
        (pl.Series(labels(), dtype=pl.Categorical), pl.String),
        (pd.Series(labels(), dtype="category"), pl.String),
        (pd.Series(numbers(), dtype="Int32"), pl.Int32),
        (pd.Series(labels(), index=[3] * ROWS), pl.String),
        (pa.array(labels()), pl.String),
        (pa.chunked_array([labels()[:5], labels()[5:]]), pl.String),
        (torch.tensor(numbers()), pl.Int64),
    ],
)
def test_lists_of_labels(given: object, kind: pl.DataType) -> None:
    rows = curate.weight(labels=given, embeddings=features(), graph="none")
    assert rows["suggested_label"].dtype == kind
    assert suspects(rows) == list(WRONG)
    assert len(rows) == ROWS and rows.columns[:2] == ["label", "weight"]


def test_a_missing_label_makes_floats_of_pandas_which_stay_classes() -> None:
    given = pd.DataFrame({"label": numbers()}).astype({"label": "Int64"})
    given.loc[7, "label"] = pd.NA
    given["label"] = given["label"].astype("float64")
    rows = weigh(given)
    assert rows["label"].dtype == np.float64
    assert rows["suggested_label"].dtype == "Int64"
    assert rows["label_quality"].isna().to_list() == [row == 7 for row in range(ROWS)]


def test_labels_and_embeddings_must_belong_together() -> None:
    with pytest.raises(CurateError, match="has 40 embeddings and labels= has 5 rows"):
        curate.find_label_issues(labels()[:5], np.ones((40, 3)))
    with pytest.raises(CurateError, match="embeddings= one value for each; exchange them"):
        curate.find_label_issues(features(), np.array(labels()))
    with pytest.raises(TypeError, match="or labels= with embeddings="):
        curate.weight(embeddings=features())


def test_fractions_are_no_labels() -> None:
    with pytest.raises(CurateError, match="the pandas DataFrame: column 'label' is double"):
        weigh(pd.DataFrame({"label": np.array(numbers()) + 0.5}))


def test_several_labels_of_a_row() -> None:
    given = [[label, "pet"] for label in labels()]
    for table in (
        pl.DataFrame({"label": given}),
        pd.DataFrame({"label": given}),
        pa.table({"label": given}),
        datasets.Dataset.from_dict({"label": given}),
    ):
        rows = weigh(table)
        assert [*map(len, rows["weight"])] == [2] * ROWS
    frame = weigh(pd.DataFrame({"label": [tuple(each) for each in given]}))
    assert isinstance(frame["weight"][0], list)
    assert isinstance(frame["label"][0], tuple), "the user's column is as it was"
    arrays = weigh(pd.DataFrame({"label": [np.array(each) for each in given]}))
    assert arrays["weight"].to_list() == frame["weight"].to_list()


def test_labels_of_several_types_are_refused_in_a_sentence() -> None:
    words = "the pandas DataFrame: column 'label' holds objects of int, str, which have no common"
    with pytest.raises(CurateError, match=words):
        weigh(pd.DataFrame({"label": [1, "cat"] * (ROWS // 2)}))
    with pytest.raises(CurateError, match="labels=: column 'label' holds objects of object"):
        curate.weight(labels=[object()] * ROWS, embeddings=features())


def test_what_is_no_list_of_labels() -> None:
    for given, words in (("cat", "labels= is a str"), (3, "labels= is a int")):
        with pytest.raises(CurateError, match=words):
            curate.weight(labels=given, embeddings=features())
    with pytest.raises(CurateError, match="labels= is one value"):
        curate.weight(labels=np.array(3), embeddings=features())
    with pytest.raises(TypeError, match="labels= goes with embeddings=, in the place of a table"):
        curate.weight(labels=labels())
    with pytest.raises(TypeError, match="labels= goes with embeddings=, in the place of a table"):
        curate.weight(pl.DataFrame({"label": labels()}), labels=labels(), embeddings=features())


def test_arrays_of_features() -> None:
    expected = weigh(pl.DataFrame({"label": labels()}))
    x = features()
    for given in (
        x.astype(np.float64),
        x.tolist(),
        torch.tensor(x),
        torch.tensor(x, requires_grad=True),
        np.asfortranarray(x),
        pd.DataFrame(x),
    ):
        rows = curate.weight(labels=labels(), embeddings=given, graph="none")
        assert np.allclose(rows["label_quality"], expected["label_quality"], atol=1e-3)
    counts = curate.weight(labels=labels(), embeddings=(x * 100).astype(int), graph="none")
    assert suspects(counts) == list(WRONG)
    half = curate.weight(labels=labels(), embeddings=torch.tensor(x).bfloat16(), graph="none")
    assert suspects(half) == list(WRONG)


def test_arrays_that_are_no_features() -> None:
    for given, words in (
        (features()[:3], r"the array embeddings= has 3 embeddings and labels= has 60 rows"),
        (features()[0], r"embeddings= holds float32 of shape \(4,\)"),
        ([["a"]] * ROWS, r"embeddings= holds <U1 of shape \(60, 1\)"),
        ([[1.0], [1.0, 2.0]], "embeddings= has rows of different lengths"),
    ):
        with pytest.raises(CurateError, match=words):
            curate.weight(labels=labels(), embeddings=given, graph="none")


def test_label_issues_of_those_who_come_from_cleanlab() -> None:
    found = curate.find_label_issues(labels(), features(), graph="none")
    rows = curate.weight(labels=labels(), embeddings=features(), graph="none")
    assert np.flatnonzero(found.is_label_issue).tolist() == list(WRONG)
    assert sorted(found.indices.tolist()) == list(WRONG)
    assert (np.diff(found.label_quality[found.indices]) >= 0).all()
    assert found.label_quality.tolist() == rows["label_quality"].to_list()
    assert found.weight.tolist() == rows["weight"].to_list()
    assert found.suggested_label.tolist() == rows["suggested_label"].to_list()
    given = [*numbers()[:-1], None]
    unjudged = curate.find_label_issues(given, features(), graph="none", prefix="my_")
    assert np.isnan(unjudged.label_quality[-1]) and not unjudged.is_label_issue[-1]
    with pytest.raises(CurateError, match="takes one label for each row; weigh lists"):
        curate.find_label_issues([["a", "b"], ["b"]] * 30, features(), graph="none")
