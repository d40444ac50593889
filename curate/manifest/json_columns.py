"""Find the Arrow type that holds all values of a JSON field, and make arrays of it."""

import json
import math
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from curate.manifest.shared_schema import MOST_EXACT

SIGNED, UNSIGNED = range(-(2**63), 2**63), range(2**64)


@dataclass
class JsonColumn:
    """The kinds of values that were found in a field."""

    kinds: set[type] = field(default_factory=set)
    least: int = 0
    most: int = 0
    nested: pa.DataType | None = None
    is_text: bool = False
    """No single type holds all values, so they become text."""

    def add(self, values: list[Any]) -> None:
        """Note the kinds of some values."""
        kinds = {_Missing if _is_missing(value) else type(value) for value in values}
        self.kinds |= kinds
        if int in kinds:
            whole = [value for value in values if type(value) is int]
            self.least, self.most = min(self.least, *whole), max(self.most, *whole)
        if kinds & {list, dict} and not self.is_text:
            self._add_nested([value for value in values if isinstance(value, list | dict)])

    def _add_nested(self, values: list[Any]) -> None:
        try:
            plain = list(map(_without_nan, values))
            found = pa.array(plain, pa.infer_type(plain)).type  # inferred from some alone
            if self.nested is not None:
                both = [pa.schema([("value", kind)]) for kind in (self.nested, found)]
                found = pa.unify_schemas(both, promote_options="permissive").field(0).type
            self.nested = found
            self.is_text = pa.types.is_struct(found) and not found.num_fields
        except (pa.ArrowException, OverflowError, TypeError):
            self.is_text = True

    @property
    def type(self) -> pa.DataType:
        """Choose the type that holds all values."""
        kinds = self.kinds - {type(None), _Missing}
        if not kinds:
            return pa.float64() if _Missing in self.kinds else pa.null()
        if len(kinds) == 1 and kinds <= {list, dict} and not self.is_text:
            return self.nested
        if kinds == {int}:
            return _whole_type(self.least, self.most)
        if kinds <= {int, float}:
            exact = max(-self.least, self.most) <= MOST_EXACT
            return pa.float64() if exact else pa.large_string()
        return pa.bool_() if kinds == {bool} else pa.large_string()

    def array(self, values: list[Any]) -> pa.Array:
        """Make an array of the type."""
        kind = self.type
        if pa.types.is_large_string(kind):
            return pa.array([_as_text(value) for value in values], kind)
        if not pa.types.is_floating(kind):
            values = [None if _is_missing(value) else value for value in values]
        try:
            return pa.array(values, kind)
        except (pa.ArrowException, TypeError):  # NaN among values that are not numbers
            return pa.array(list(map(_without_nan, values)), kind)


def _whole_type(least: int, most: int) -> pa.DataType:
    if least in SIGNED and most in SIGNED:
        return pa.int64()
    return pa.uint64() if least in UNSIGNED and most in UNSIGNED else pa.large_string()


class _Missing:
    """The kind of NaN, which pandas writes where a value is missing."""


def _is_missing(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _without_nan(value: Any) -> Any:
    """Give a value with null in the place of each NaN in it."""
    if isinstance(value, list):
        return list(map(_without_nan, value))
    if isinstance(value, dict):
        return {name: _without_nan(inner) for name, inner in value.items()}
    return None if _is_missing(value) else value


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return None if _is_missing(value) else json.dumps(value, ensure_ascii=False)
