"""Each kind of table comes back as it was, with the new columns after its own."""

import datetime

import datasets
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from PIL import Image

import curate
from curate.errors import CurateError
from curate.in_memory.kinds import table_in_memory
from tests.curate.in_memory.small_crawl import (
    ADDED,
    NAMES,
    ROWS,
    WRONG,
    features,
    labels,
    numbers,
    weigh,
)


@pytest.fixture(scope="module")
def expected() -> pl.DataFrame:
    return weigh(pl.DataFrame({"label": labels()}))


def test_polars_keeps_its_types(expected: pl.DataFrame) -> None:
    day = datetime.date(2020, 1, 1)
    frame = pl.DataFrame(
        {
            "small": pl.Series(range(ROWS), dtype=pl.UInt8),
            "label": pl.Series(labels(), dtype=pl.Enum(NAMES)),
            "day": [day] * ROWS,
            "what": pl.Series([object()] * ROWS, dtype=pl.Object),
            "pair": pl.Series([[1.0, 2.0]] * ROWS, dtype=pl.Array(pl.Float32, 2)),
        }
    )
    rows = weigh(frame)
    assert rows.columns == [*frame.columns, *ADDED]
    assert rows.select(frame.columns).schema == frame.schema
    own = frame.drop("what")
    assert rows.select(own.columns).equals(own)
    assert rows["what"].to_list() == frame["what"].to_list()
    assert rows.select(ADDED).equals(expected.select(ADDED))
    assert [row for row in range(ROWS) if rows["is_label_issue"][row]] == list(WRONG)


def test_a_lazy_frame_stays_lazy(expected: pl.DataFrame) -> None:
    rows = weigh(pl.LazyFrame({"label": labels()}))
    assert isinstance(rows, pl.LazyFrame)
    assert rows.collect().equals(expected)


def test_pandas_keeps_index_order_and_types(expected: pl.DataFrame) -> None:
    frame = pd.DataFrame(
        {
            "label": pd.Categorical(labels(), categories=["dog", "cat", "cow"], ordered=True),
            "what": [object()] * ROWS,
            7: np.arange(ROWS, dtype=np.int8),
            "when": pd.Timestamp("2020-01-01", tz="Europe/Berlin"),
            "dense": pd.arrays.SparseArray(np.zeros(ROWS)),
        },
        index=pd.Index(["x", "y", "x"] * (ROWS // 3), name="which"),
    )
    before = frame.copy()
    rows = weigh(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert list(rows.columns) == [*frame.columns, *ADDED]
    pd.testing.assert_frame_equal(rows[frame.columns], frame)
    assert rows.index.equals(frame.index) and rows.index.name == "which"
    assert rows["weight"].dtype == np.float32
    assert rows["label_quality"].to_list() == expected["label_quality"].to_list()
    assert rows["suggested_label"].to_list() == expected["suggested_label"].to_list()
    assert rows["is_label_issue"].dtype == "boolean"
    assert rows[rows["is_label_issue"]].shape[0] == len(WRONG)
    assert rows["issue_kind"].dtype == rows["status"].dtype == pd.Series(["a"]).dtype
    assert (rows["label"] != rows["suggested_label"]).sum() >= len(WRONG)


def test_pandas_rows_of_two_levels_are_kept() -> None:
    index = pd.MultiIndex.from_product([["a", "b"], range(ROWS // 2)])
    rows = weigh(pd.DataFrame({"label": labels()}, index=index))
    assert rows.index.equals(index)


def test_pandas_columns_of_two_levels_are_refused() -> None:
    frame = pd.DataFrame([["cat", 1]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")]))
    with pytest.raises(CurateError, match=r"several levels \(MultiIndex\).*df.columns = "):
        curate.weight(frame)


def test_pandas_names_two_columns_alike() -> None:
    frame = pd.DataFrame([["cat", "dog"]] * 4, columns=["label", "label"])
    with pytest.raises(CurateError, match="two columns named 'label'; rename one of them"):
        curate.weight(frame)


def test_arrow_keeps_its_metadata(expected: pl.DataFrame) -> None:
    own = pa.schema([("label", pa.dictionary(pa.int8(), pa.string()))], metadata={"mine": "yes"})
    table = pa.table({"label": pa.array(labels()).dictionary_encode().cast(own.field(0).type)}, own)
    rows = weigh(table)
    assert rows.schema.metadata == {b"mine": b"yes"}
    assert rows.select(["label"]).equals(table)
    assert pl.DataFrame(rows.select(ADDED)).equals(expected.select(ADDED))


def test_chunks_of_arrow_are_rows_in_order(expected: pl.DataFrame) -> None:
    table = pa.concat_tables([pa.table({"label": labels()[:7]}), pa.table({"label": labels()[7:]})])
    assert pl.DataFrame(weigh(table)).equals(expected)


def dataset() -> datasets.Dataset:
    pictures = [Image.new("RGB", (4, 4), (row, 0, 0)) for row in range(ROWS)]
    kinds = datasets.Features(image=datasets.Image(), label=datasets.ClassLabel(names=[*NAMES]))
    return datasets.Dataset.from_dict({"image": pictures, "label": numbers()}, features=kinds)


def test_a_dataset_keeps_its_features(
    expected: pl.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    given = dataset()
    rows = weigh(given)
    assert {name: rows.features[name] for name in given.features} == given.features
    assert rows.column_names == [*given.column_names, *ADDED]
    assert rows[5]["image"].getpixel((0, 0)) == (5, 0, 0)
    assert rows["suggested_label"][:] == expected["suggested_label"].to_list()
    assert np.allclose(rows["label_quality"][:], expected["label_quality"])
    order = np.random.default_rng(1).permutation(ROWS)
    shuffled = given.select(order).with_format("numpy")
    mixed = curate.weight(shuffled, embeddings=features()[order], graph="none")
    assert mixed.format["type"] == "numpy"
    assert mixed["label"][:].tolist() == [numbers()[row] for row in order]
    assert {*order[np.array(mixed["is_label_issue"][:])].tolist()} == {*WRONG}
    stored = mixed.with_format("arrow")[:], given.with_format("arrow")[:].take(order)
    assert stored[0]["image"].to_pylist() == stored[1]["image"].to_pylist()
    assert capsys.readouterr().err == ""


def test_a_format_of_some_columns_shows_the_new_ones_to_who_asks() -> None:
    given = dataset().with_format("numpy", columns=["label"])
    assert weigh(given).format["columns"] == ["label"]


def test_several_splits_and_streams_are_refused() -> None:
    with pytest.raises(CurateError, match=r"has the splits train, test; give one.*ds\['train'\]"):
        curate.weight(datasets.DatasetDict(train=dataset(), test=dataset()))
    with pytest.raises(CurateError, match="without streaming=True"):
        curate.weight(dataset().to_iterable_dataset())


@pytest.mark.parametrize("rows", [0, 1])
@pytest.mark.parametrize("kind", ["polars", "lazy", "pandas", "pyarrow", "datasets", "list"])
def test_few_rows_are_refused_by_name(kind: str, rows: int) -> None:
    given = labels(rows)
    frame = pl.DataFrame({"label": given}, schema={"label": pl.String})
    tables = {
        "polars": frame,
        "lazy": frame.lazy(),
        "pandas": pd.DataFrame({"label": given}),
        "pyarrow": frame.to_arrow(),
        "datasets": datasets.Dataset.from_dict({"label": given}),
    }
    words = "has no rows; there is nothing to weigh" if rows == 0 else "one class only .'cat'."
    with pytest.raises(CurateError, match=words) as caught:
        if kind == "list":
            curate.weight(labels=given, embeddings=features(rows), graph="none")
        else:
            curate.weight(tables[kind], embeddings=features(rows), graph="none")
    said = "labels=" if kind == "list" else table_in_memory(tables[kind]).said
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("rows", [0, 1])
def test_few_rows_come_back(rows: int) -> None:
    added = pa.table({"weight": pa.array([0.5] * rows, pa.float32())})
    frame = pl.DataFrame({"label": labels(rows)}, schema={"label": pl.String})
    lists = [
        frame, frame.lazy(), pd.DataFrame({"label": labels(rows)}), frame.to_arrow(),
        datasets.Dataset.from_dict({"label": labels(rows)}),
    ]  # fmt: skip
    for table in lists:
        kind = table_in_memory(table)
        assert (kind.rows, list(kind.names)) == (rows, ["label"])
        assert sum(each.num_rows for each in kind.tables(["label"])) == rows
        back = kind.beside(added)
        assert type(back) is type(table)
        back = back.collect() if isinstance(back, pl.LazyFrame) else back
        assert len(back) == rows
        values = back["weight"]
        values = values.to_pylist() if isinstance(values, pa.ChunkedArray) else list(values)
        assert values == [0.5] * rows
