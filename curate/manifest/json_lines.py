"""JSON lines, and JSON arrays of objects, read row by row: all that Python and pandas write."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from curate.errors import CurateError
from curate.manifest.columns import check_width
from curate.manifest.shared_schema import MOST_EXACT
from curate.manifest.text_files import at_line, ending_of, lines_of, open_text
from curate.terminal.printable import brief, listed
from curate.terminal.skipped import Passed, Skipped

JSON_LINES, JSON = (".jsonl", ".ndjson"), ".json"
BATCH_ROWS, DEEPEST, SAMPLED, MOST_NAMES = 2_048, 32, 64, 1_000
HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
"""A half of a pair of UTF-16 is no text where the other half is missing."""
PAIR = re.compile(r"\\u[dD](?:[89abAB]..(\\u[dD][c-fC-F]..)?|[c-fC-F])")
"""Both halves of a pair, the second as a group; or one half that is alone."""
ARRAY = re.compile(r"\[\s*(\{|$)")
EMPTY = "empty lines"
DOUBLED = "fields that stand twice in an object, of which the last counts"
FEW_LINES = 64
SIGNED, UNSIGNED = range(-(2**63), 2**63), range(2**64)
Row = dict[str, Any]


def json_tables(source: Path) -> tuple[Iterator[pa.Table], tuple[Skipped, ...]]:
    """Give the rows as small tables of one schema, values as they stand, and what is passed over.

    NaN and Infinity are numbers; NaN among texts is null, as pandas means it. Whole numbers are
    signed or unsigned, of 64 bits. A field that holds different kinds of values, or numbers of more
    bits, becomes a text. Of a field that stands twice in an object the last counts, as in Python.
    Raises CurateError, with the line, for what is no JSON object.
    """
    _refuse_one_object(source)
    columns: dict[str, _Column] = {}
    passed = Passed()
    for rows in _batches(source, passed):
        for name in dict.fromkeys(name for row in rows for name in row):
            if name not in columns:
                columns[name] = _Column()
                check_width(len(columns), source)
            columns[name].add([row[name] for row in rows if name in row])
    return _tables(source, columns), passed.skipped


def _tables(source: Path, columns: dict[str, "_Column"]) -> Iterator[pa.Table]:
    schema = pa.schema([(name, column.type) for name, column in columns.items()])
    yield schema.empty_table()
    for rows in _batches(source, Passed()):
        arrays = [columns[name].array([row.get(name) for row in rows]) for name in schema.names]
        yield pa.table(arrays, schema=schema)


@dataclass
class _Column:
    """What a field was seen to hold."""

    kinds: set[type] = field(default_factory=set)
    least: int = 0
    most: int = 0
    nested: pa.DataType | None = None
    is_text: bool = False
    """There is no one type for all of its values."""

    def add(self, values: list[Any]) -> None:
        """Look at some values."""
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
            found = pa.array(plain, pa.infer_type(plain)).type  # which infers from some alone
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
        except (pa.ArrowException, TypeError):  # NaN among other things than numbers
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


def are_regular(source: Path) -> bool:
    """Tell whether polars may read the lines: deep values and many names take it very long.

    A sample of the lines is parsed, and every line that may be deep or have a field twice. Empty
    lines, which are counted, and halves of pairs of UTF-16 are for the other reader.
    """
    names: set[str] = set()
    quoted: set[str] = set()
    with open_text(source) as file:
        for number, line in enumerate(lines_of(file, source)):
            if line.isspace() or not all(pair[1] for pair in PAIR.finditer(line)):
                return False
            if (
                number % SAMPLED
                and line.count("{") + line.count("[") <= DEEPEST
                and all(line.count(name) < 2 for name in quoted)
            ):
                continue
            doubled: list[str] = []
            try:
                row = _loads(line, doubled)
            except (ValueError, RecursionError):
                return False
            if doubled or not isinstance(row, dict) or _is_deep(row):
                return False
            names |= _names(row)
            quoted |= {f'"{name}"' for name in row}
            if len(names) > MOST_NAMES:
                return False
    return True


def _names(value: Any) -> set[str]:
    if isinstance(value, list):
        return set[str]().union(*map(_names, value))
    return set(value).union(*map(_names, value.values())) if isinstance(value, dict) else set()


def _batches(source: Path, passed: Passed) -> Iterator[list[Row]]:
    rows = _rows(source, passed)
    while batch := list(islice(rows, BATCH_ROWS)):
        yield batch


def _rows(source: Path, passed: Passed) -> Iterator[Row]:
    if _is_array(source):
        with open_text(source) as file:
            yield from _elements(source, file.read(), passed)
        return
    with open_text(source) as file:
        for number, line in enumerate(lines_of(file, source), 1):
            if line.strip():
                doubled: list[str] = []
                where = at_line(source, number, line)
                yield _checked(_parsed(line, where, doubled), where)
                for name in doubled:
                    passed.add(DOUBLED, f"line {number:,} ('{name}')")
            else:
                passed.add(EMPTY, f"line {number:,}")


def _is_array(source: Path) -> bool:
    """Tell whether a file is one array of objects, which some call .jsonl too."""
    with open_text(source) as file:
        head = file.read(1024).lstrip()
    return head.startswith("[") if ending_of(source) == JSON else bool(ARRAY.match(head))


def _elements(source: Path, text: str, passed: Passed) -> Iterable[Row]:
    doubled: list[str] = []
    rows = _parsed(text, str(source), doubled)
    for name in doubled:
        passed.add(DOUBLED, f"'{name}'")
    for number, row in enumerate(rows, 1):
        yield _checked(row, f"{source}, element {number:,} ('{brief(json.dumps(row))}')")


def _refuse_one_object(source: Path) -> None:
    """Refuse a .json that is one object, such as COCO's, or what pandas writes by columns."""
    if ending_of(source) != JSON or _is_array(source):
        return
    with open_text(source) as file:
        lines = [line for line in islice(lines_of(file, source), FEW_LINES) if line.strip()]
        rest = file.read() if len(lines) < 2 or not _is_json(lines[0]) else None
    if rest is None:
        return
    try:
        value = json.loads("".join(lines) + rest)
    except (ValueError, RecursionError):
        return
    if isinstance(value, dict) and any(isinstance(each, list | dict) for each in value.values()):
        raise CurateError(
            f"{source} is one JSON object with the fields {listed([*value])}, and a manifest has an"
            " object for each row; write the rows as a list of objects (pandas:"
            " df.to_json(FILE, orient='records')), or an object a line."
        )


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _loads(text: str, doubled: list[str]) -> Any:
    """Parse JSON; names of fields that stand twice in an object are added to ``doubled``."""

    def paired(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        if len(fields) < len(pairs):
            counts = Counter(name for name, _ in pairs)
            doubled.extend(name for name, count in counts.items() if count > 1)
        return fields

    return json.loads(text, object_pairs_hook=paired)


def _parsed(text: str, where: str, doubled: list[str]) -> Any:
    try:
        value = _loads(text, doubled)
        if not HALF_PAIR.search(text):
            return value
        whole = json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass")
        return json.loads(whole.decode("utf-16", "replace"))
    except RecursionError as error:
        raise CurateError(_too_deep(where)) from error
    except ValueError as error:
        raise CurateError(
            f"{where} cannot be read as JSON: {error}; mend that line, or save it as Parquet."
        ) from error


def _checked(row: Any, where: str) -> Row:
    if not isinstance(row, dict):
        raise CurateError(
            f"{where} is no JSON object; write an object with the same fields for each row."
        )
    if _is_deep(row):
        raise CurateError(_too_deep(where))
    return row


def _too_deep(where: str) -> str:
    return (
        f"{where} has more than {DEEPEST} objects or lists one in another; take that field out, or"
        " write it as text."
    )


def _is_deep(row: Row) -> bool:
    level: list[Any] = [row]
    for _ in range(DEEPEST):
        level = [
            inner
            for value in level
            for inner in (value.values() if isinstance(value, dict) else value)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True
