"""Which types of columns can be written as text."""

import pyarrow as pa


def fits(kind: pa.DataType, ending: str) -> bool:
    """Tell whether a column of this type can be written as text and read back."""
    if ending == ".parquet":
        return True
    if ending == ".jsonl" and pa.types.is_nested(kind) and not pa.types.is_map(kind):
        return all(fits(kind.field(at).type, ending) for at in range(kind.num_fields))
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view,
             pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_date,
             pa.types.is_null)  # fmt: skip
    plain_time = pa.types.is_timestamp(kind) and kind.tz is None
    return plain_time or any(test(kind) for test in tests)
