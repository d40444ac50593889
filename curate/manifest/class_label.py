"""Hugging Face's ClassLabel: a column of numbers whose names are in the schema's metadata."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import pyarrow as pa

from curate.manifest.columns import label_type

HUGGING_FACE = b"huggingface"


def class_names(schema: pa.Schema, column: str) -> tuple[str, ...] | None:
    """Return the names of the numbers 0, 1, ... in a column, or in its lists; None without any."""
    if column not in schema.names or not pa.types.is_integer(label_type(schema.field(column).type)):
        return None
    return _names(features(schema).get(column))


def features(schema: pa.Schema) -> dict[str, Any]:
    """Return what Hugging Face's datasets says of columns; nothing where it does not."""
    try:
        described = json.loads((schema.metadata or {}).get(HUGGING_FACE, b"{}"))
        found = described["info"]["features"]
    except (ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def described(features: Mapping[str, Any]) -> dict[bytes, bytes]:
    """Give the metadata that says so of columns."""
    text = json.dumps({"info": {"features": features}})
    return {HUGGING_FACE: text.encode()} if features else {}


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
    """Give names for numbers; a negative one is no label, and one without a name stays itself."""
    text = numbers.cast(pl.Int64).replace_strict(
        list(range(len(names))), list(names), default=None, return_dtype=pl.String
    )
    return pl.when(numbers >= 0).then(text.fill_null(numbers.cast(pl.String)))


def numbered(labels: pl.Series, names: Sequence[str]) -> pl.Series:
    """Give the numbers of names, or of lists of them, as int64; null for what is no name."""
    numbers = {name: number for number, name in enumerate(names)}

    def number(texts: pl.Expr) -> pl.Expr:
        return texts.replace_strict(
            list(numbers), list(numbers.values()), default=None, return_dtype=pl.Int64
        )

    if isinstance(labels.dtype, pl.List):
        return pl.select(pl.lit(labels).list.eval(number(pl.element()))).to_series()
    return pl.select(number(pl.lit(labels))).to_series()
