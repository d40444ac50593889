"""How a manifest's columns are kept in Parquet."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from curate.manifest.parquet import write_parquet

WORDS, PICTURE = ["a crane", "a heron"], {"bytes": b"x", "path": "a.jpg"}


def test_what_may_repeat_has_a_dictionary_however_deep_and_fractions_and_pictures_none(
    tmp_path: Path,
) -> None:
    kinds = {
        "label": (WORDS[0], pa.string()),
        "weight": (0.5, pa.float32()),
        "tags": (WORDS, pa.list_(pa.string())),
        "large": (WORDS, pa.large_list(pa.string())),
        "two": (WORDS, pa.list_(pa.string(), 2)),
        "embedding": ([0.5], pa.list_(pa.float32())),
        "image": (PICTURE, pa.struct({"bytes": pa.binary(), "path": pa.string()})),
        "words": ([("crane", 0.5)], pa.map_(pa.string(), pa.float32())),
        "boxes": ([{"of": "crane"}], pa.list_(pa.struct({"of": pa.string()}))),
    }
    table = pa.table({name: pa.array([value] * 9, kind) for name, (value, kind) in kinds.items()})
    write_parquet(tmp_path / "a.parquet", iter([table]), {})
    with pq.ParquetFile(tmp_path / "a.parquet") as file:
        assert file.read().equals(table)
        group = file.metadata.row_group(0)
        columns = [group.column(at) for at in range(group.num_columns)]
        found = {c.path_in_schema for c in columns if "RLE_DICTIONARY" in c.encodings}
    assert found == {
        "label", "tags.list.element", "large.list.element", "two.list.element", "image.path",
        "words.key_value.key", "boxes.list.element.of",
    }  # fmt: skip
