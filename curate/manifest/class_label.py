"""Hugging Face's ClassLabel: a column of numbers whose names are in the schema's metadata."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import pyarrow as pa

from curate.manifest.columns import label_type

HUGGING_FACE = b"huggingface"
DATASETS_NAMES = {"float": "float32", "large_string": "string"}


def class_names(schema: pa.Schema, column: str) -> tuple[str, ...] | None:
    """Return the names of the numbers 0, 1, ... in a column or its lists; None if it has none."""
    if column not in schema.names or not pa.types.is_integer(label_type(schema.field(column).type)):
        return None
    return _names(features(schema).get(column))


def features(schema: pa.Schema) -> dict[str, Any]:
    """Return what Hugging Face's datasets says of columns; empty if it says nothing."""
    try:
        described = json.loads((schema.metadata or {}).get(HUGGING_FACE, b"{}"))
        found = described["info"]["features"]
    except (ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def described(features: Mapping[str, Any]) -> dict[bytes, bytes]:
    """Return the metadata that describes columns so."""
    text = json.dumps({"info": {"features": features}})
    return {HUGGING_FACE: text.encode()} if features else {}


def with_added(schema: pa.Schema, added: pa.Schema) -> dict[bytes, bytes] | None:
    """Return a schema's metadata; where they describe columns, they describe added ones too.

    Hugging Face's datasets needs all columns described.
    """
    metadata: dict[bytes, bytes] | None = schema.metadata
    known = features(schema)
    if metadata is None or not known:
        return metadata
    described = json.loads(metadata[HUGGING_FACE])
    described["info"]["features"] = known | {each.name: _described(each.type) for each in added}
    return {**metadata, HUGGING_FACE: json.dumps(described).encode()}


def _described(kind: pa.DataType) -> dict[str, object]:
    if pa.types.is_list(kind):
        return {"feature": _described(kind.value_type), "_type": "Sequence"}
    return {"dtype": DATASETS_NAMES.get(str(kind), str(kind)), "_type": "Value"}


def _names(feature: Any) -> tuple[str, ...] | None:
    if isinstance(feature, list) and len(feature) == 1:
        return _names(feature[0])
    if not isinstance(feature, dict):
        return None
    if feature.get("_type") != "ClassLabel":
        return _names(feature.get("feature"))
    names = feature.get("names")
    return tuple(map(str, names)) if isinstance(names, list) and names else None


def named(numbers: pl.Expr, names: Sequence[str]) -> pl.Expr:
    """Turn numbers into names; a negative number is no label, one without a name stays a number."""
    text = numbers.cast(pl.Int64).replace_strict(
        list(range(len(names))), list(names), default=None, return_dtype=pl.String
    )
    return pl.when(numbers >= 0).then(text.fill_null(numbers.cast(pl.String)))


def numbered(labels: pl.Series, names: Sequence[str]) -> pl.Series:
    """Turn names, or lists of names, into int64 numbers; null for an unknown name."""
    numbers = {name: number for number, name in enumerate(names)}

    def number(texts: pl.Expr) -> pl.Expr:
        return texts.replace_strict(
            list(numbers), list(numbers.values()), default=None, return_dtype=pl.Int64
        )

    if isinstance(labels.dtype, pl.List):
        return pl.select(pl.lit(labels).list.eval(number(pl.element()))).to_series()
    return pl.select(number(pl.lit(labels))).to_series()
