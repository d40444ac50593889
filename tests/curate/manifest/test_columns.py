import re
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from curate.errors import CurateError
from curate.manifest.classes import count_classes
from curate.manifest.columns import find_columns
from curate.manifest.keys import check_keys
from curate.manifest.manifest import Manifest
from curate.manifest.open import open_manifest
from curate.options.columns import ColumnOptions
from curate.store.folders import Folders


def opened(table: pl.DataFrame, tmp_path: Path, **columns: str) -> Manifest:
    path = tmp_path / "crawl.parquet"
    table.write_parquet(path)
    return open_manifest(path, ColumnOptions(**columns), None, Folders(tmp_path / "frozen"))


@pytest.mark.parametrize("name", ["^lab.*$", "*", "^.*$"])
def test_a_columns_name_is_no_pattern(tmp_path: Path, name: str) -> None:
    table = pl.DataFrame({name: ["a", "b"], "label": ["x", "y"], "labels": ["u", "v"]})
    manifest = opened(table, tmp_path, label=name, key=name)
    check_keys(manifest)
    assert count_classes(manifest).names == ("a", "b")


@pytest.mark.parametrize(
    "keys", [[["a"], ["b"]], [b"a", b"b"], [{"a": 1}, {"a": 2}], [1.5, 2.5], [True, False]]
)
def test_a_key_is_a_text_or_a_whole_number(tmp_path: Path, keys: list[object]) -> None:
    table = pl.DataFrame({"id": keys, "label": ["x", "y"]})
    with pytest.raises(CurateError, match=r"the key column 'id' is .* --key none"):
        opened(table, tmp_path)
    assert opened(table, tmp_path, key="none").columns.key is None


def test_a_message_names_some_of_a_thousand_columns(tmp_path: Path) -> None:
    table = pl.DataFrame({f"column_{at}" * 30: [1] for at in range(1_000)})
    with pytest.raises(CurateError, match="and 988 more") as caught:
        opened(table, tmp_path)
    assert len(str(caught.value)) < 1_500


@pytest.mark.parametrize("names", [["Image", "LABEL"], [" image", "label "]])
def test_columns_are_found_by_names_in_other_letters_and_with_blanks(names: list[str]) -> None:
    schema = pa.schema([(name, pa.string()) for name in names])
    found = find_columns(schema, ColumnOptions(), "crawl")
    assert [found.image, found.label] == names
    both = pa.schema([("Label", pa.string()), ("label", pa.string())])
    assert find_columns(both, ColumnOptions(), "crawl").label == "label"


@pytest.mark.parametrize("sign", [":", " ", "~", "^"])
def test_a_separator_that_is_not_read_is_named(sign: str) -> None:
    schema = pa.schema([(f"image{sign}label", pa.string())])
    with pytest.raises(CurateError, match=re.escape(f"separator seems to be {sign!r}")):
        find_columns(schema, ColumnOptions(), "crawl.csv")


def test_labels_in_objects_are_refused_with_the_way_out() -> None:
    kind = pa.struct([("name", pa.string())])
    with pytest.raises(CurateError, match=re.escape("df['label'].str['name']")):
        find_columns(pa.schema([("label", kind)]), ColumnOptions(), "crawl")
