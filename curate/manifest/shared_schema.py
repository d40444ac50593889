"""One schema for the files of a crawl whose schemas differ in what does not matter."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa

from curate.errors import CurateError
from curate.manifest.class_label import class_names
from curate.manifest.columns import exact_column, is_bytes, is_list, is_text
from curate.terminal.printable import brief
from curate.terminal.skipped import Skipped

MOST_EXACT = 2**53
"""A float64 holds every whole number up to this one."""
UNITS = ("s", "ms", "us", "ns")


def shared_schema(files: Sequence[tuple[Path, pa.Schema]]) -> tuple[pa.Schema, tuple[Skipped, ...]]:
    """Find the schema that holds all files, and say which columns some of them lack.

    Columns are in the order of the first file, others follow. Nulls go with any type, texts and
    bytes of any kind go together, numbers are as wide as the widest, and times as fine as the
    finest. Of two lists of names of numbers the longer holds if it begins with the other. Raises
    CurateError where a column is of types that do not go together, or where its numbers have other
    names.
    """
    files = [(path, _without_views(other)) for path, other in files]
    first, schema = files[0]
    fields: dict[str, pa.DataType] = dict(zip(schema.names, schema.types, strict=True))
    for path, other in files[1:]:
        if other.equals(schema, check_metadata=True):
            continue
        for field in other:
            kind = unify(fields.get(field.name, pa.null()), field.type)
            if kind is None or not _same_names(other, schema, field.name):
                raise CurateError(_conflict(path, first, field, fields[field.name]))
            fields[field.name] = kind
        schema = max(schema, other, key=_named_numbers)
    shared = pa.schema(list(fields.items()), metadata=schema.metadata)
    lacking = [
        f"'{brief(name)}' in {path.name}"
        for path, other in files
        for name in (shared.names if len(other.names) < len(fields) else ())
        if name not in other.names
    ]
    return shared, Skipped.of("columns that a file lacks, null in its rows", lacking)


def _without_views(schema: pa.Schema) -> pa.Schema:
    """Turn view types of texts and bytes into types that all of Arrow's functions accept."""
    plain = {pa.string_view(): pa.large_string(), pa.binary_view(): pa.large_binary()}
    fields = [field.with_type(plain.get(field.type, field.type)) for field in schema]
    return pa.schema(fields, metadata=schema.metadata)


def _same_names(a: pa.Schema, b: pa.Schema, column: str) -> bool:
    """Tell whether the numbers of a column have the same names as far as both name them."""
    one, other = class_names(a, column), class_names(b, column)
    if one is None or other is None:
        return one == other
    return all(x == y for x, y in zip(one, other, strict=False))


def _named_numbers(schema: pa.Schema) -> int:
    return sum(len(class_names(schema, name) or ()) for name in schema.names)


def _conflict(path: Path, first: Path, field: pa.Field, kind: pa.DataType) -> str:
    names = f"{brief(str(field.type))}, and {brief(str(kind))}"
    if field.type == kind:
        names = "numbers of other names (ClassLabel) than those"
    return (
        f"{path} has other columns than {first}: '{brief(field.name)}' is {names} in the files"
        " before; write it alike in all files."
    )


def unify(a: pa.DataType, b: pa.DataType) -> pa.DataType | None:
    """Give the type that holds values of both types; None where there is none."""
    if a == b or pa.types.is_null(b):
        return a
    if pa.types.is_null(a):
        return b
    if pa.types.is_dictionary(a) or pa.types.is_dictionary(b):
        return unify(*(k.value_type if pa.types.is_dictionary(k) else k for k in (a, b)))
    if is_text(a) and is_text(b):
        return pa.large_string()
    if is_bytes(a) and is_bytes(b):
        return pa.large_binary()
    if _is_number(a) and _is_number(b):
        return _wider(a, b)
    if pa.types.is_map(a) and pa.types.is_map(b):
        return _of_entries(a, b)
    if pa.types.is_temporal(a) or pa.types.is_decimal(a) or pa.types.is_decimal(b):
        return _promoted(a, b)
    if is_list(a) and is_list(b):
        inner = unify(a.value_type, b.value_type)
        return None if inner is None else pa.large_list(inner)
    if pa.types.is_struct(a) and pa.types.is_struct(b):
        return _of_fields(a, b)
    return None


def _promoted(a: pa.DataType, b: pa.DataType) -> pa.DataType | None:
    """Return a type that Arrow accepts for both: the finer unit of times, enough digits."""
    if pa.types.is_timestamp(a) and pa.types.is_timestamp(b):
        if (a.tz is None) != (b.tz is None):
            return None
        return pa.timestamp(max(a.unit, b.unit, key=UNITS.index), a.tz)
    if pa.types.is_floating(a) or pa.types.is_floating(b):
        return None
    try:
        both = [pa.schema([("value", kind)]) for kind in (a, b)]
        return pa.unify_schemas(both, promote_options="permissive").field(0).type
    except pa.ArrowException:
        return None


def _of_entries(a: pa.MapType, b: pa.MapType) -> pa.DataType | None:
    key, item = unify(a.key_type, b.key_type), unify(a.item_type, b.item_type)
    return None if key is None or item is None else pa.map_(key, item)


def _wider(a: pa.DataType, b: pa.DataType) -> pa.DataType | None:
    if pa.types.is_floating(a) or pa.types.is_floating(b):
        both = pa.types.is_floating(a) and pa.types.is_floating(b)
        return max(a, b, key=lambda kind: kind.bit_width) if both else pa.float64()
    if pa.types.is_signed_integer(a) == pa.types.is_signed_integer(b):
        return max(a, b, key=lambda kind: kind.bit_width)
    unsigned = b if pa.types.is_signed_integer(a) else a
    return pa.int64() if unsigned.bit_width < 64 else None


def _of_fields(a: pa.DataType, b: pa.DataType) -> pa.DataType | None:
    kinds = {field.name: field.type for field in a}
    for field in b:
        kind = unify(kinds.get(field.name, pa.null()), field.type)
        if kind is None:
            return None
        kinds[field.name] = kind
    return pa.struct(list(kinds.items()))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def conform(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Give a batch the columns of a schema, in its order and of its types; null what it lacks."""
    if batch.schema.names == schema.names and batch.schema.types == schema.types:
        return batch
    if not schema.names:  # from no arrays a batch of no rows would be made
        return batch.select([])
    arrays = [
        _cast_column(batch, field)
        if field.name in batch.schema.names
        else pa.nulls(batch.num_rows, field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _cast_column(batch: pa.RecordBatch, field: pa.Field) -> pa.Array:
    column = batch.column(field.name)
    try:
        return _cast(column, field.type)
    except pa.ArrowInvalid as error:
        raise _inexact(field, column.type) from error


def _inexact(field: pa.Field, kind: pa.DataType) -> CurateError:
    """Say that values do not fit into the type that other files have."""
    return CurateError(
        f"column '{brief(field.name)}' is {field.type} in some files of the crawl, which cannot"
        f" hold all values that it has as {kind} in others; write it alike in all files."
    )


def require_exact(files: Sequence[tuple[Path, pa.Schema]], schema: pa.Schema) -> None:
    """Raise CurateError if whole numbers of some files would lose digits beside floats."""
    for path, other in files:
        for field in other:
            shared = schema.field(field.name)
            if not pa.types.is_integer(field.type) or not pa.types.is_floating(shared.type):
                continue
            column = exact_column(field.name)
            ends = pl.scan_parquet(path, glob=False).select(a=column.min(), b=column.max())
            if any(abs(end) > MOST_EXACT for end in ends.collect().row(0) if end is not None):
                raise _inexact(shared, field.type)


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """Cast, also structs of fewer fields or fields in another order."""
    if not pa.types.is_struct(kind) or not pa.types.is_struct(column.type):
        return column if column.type == kind else column.cast(kind)
    names = [field.name for field in column.type]
    arrays = [
        _cast(column.field(field.name), field.type)
        if field.name in names
        else pa.nulls(len(column), field.type)
        for field in kind
    ]
    return pa.StructArray.from_arrays(arrays, fields=list(kind), mask=column.is_null())


def conformed(scan: pl.LazyFrame, schema: pa.Schema) -> pl.LazyFrame:
    """Give a scan the columns of a schema, in its order and of its types; null what it lacks."""
    wanted = pl.DataFrame(schema.empty_table()).schema
    found = scan.collect_schema()
    if found == wanted and found.names() == wanted.names():
        return scan
    return scan.select(
        (exact_column(name).cast(kind) if name in found else pl.lit(None, kind)).alias(name)
        for name, kind in wanted.items()
    )
