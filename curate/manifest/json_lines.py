"""JSON lines, and JSON arrays of objects, read row by row: all that Python and pandas write."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from curate.errors import CurateError
from curate.manifest.columns import check_width
from curate.manifest.json_columns import JsonColumn
from curate.manifest.text_files import at_line, ending_of, lines_of, open_text
from curate.terminal.printable import brief, listed
from curate.terminal.skipped import Passed, Skipped

JSON_LINES, JSON = (".jsonl", ".ndjson"), ".json"
BATCH_ROWS, DEEPEST, SAMPLED, MOST_NAMES = 2_048, 32, 64, 1_000
HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
"""Half of a UTF-16 pair is no text if the other half is missing."""
PAIR = re.compile(r"\\u[dD](?:[89abAB]..(\\u[dD][c-fC-F]..)?|[c-fC-F])")
"""Both halves of a pair, the second as a group; or a single half."""
ARRAY = re.compile(r"\[\s*(\{|$)")
EMPTY = "empty lines"
DOUBLED = "fields that stand twice in an object, of which the last counts"
FEW_LINES = 64
Row = dict[str, Any]
Where = Callable[[], str]
"""Names a row and shows its beginning, which takes longer than reading it."""


def json_tables(source: Path) -> tuple[Iterator[pa.Table], tuple[Skipped, ...]]:
    """Give the rows as small tables of one schema, values as they stand, and what is passed over.

    NaN and Infinity are numbers; NaN among texts is null, as pandas means it. Whole numbers are
    signed or unsigned, of 64 bits. A field that holds different kinds of values, or numbers of more
    bits, becomes text. If a field stands twice in an object, the last counts, as in Python.
    Raises CurateError, with the line, for a line that is no JSON object.
    """
    _refuse_one_object(source)
    columns: dict[str, JsonColumn] = {}
    passed = Passed()
    for rows in _batches(source, passed):
        for name in dict.fromkeys(name for row in rows for name in row):
            if name not in columns:
                columns[name] = JsonColumn()
                check_width(len(columns), source)
            columns[name].add([row[name] for row in rows if name in row])
    return _tables(source, columns), passed.skipped


def _tables(source: Path, columns: dict[str, JsonColumn]) -> Iterator[pa.Table]:
    schema = pa.schema([(name, column.type) for name, column in columns.items()])
    yield schema.empty_table()
    for rows in _batches(source, Passed()):
        arrays = [columns[name].array([row.get(name) for row in rows]) for name in schema.names]
        yield pa.table(arrays, schema=schema)


def are_regular(source: Path) -> bool:
    """Tell whether polars may read the lines: it is very slow with deep values or many names.

    Parses a sample of the lines, and every line that may be deep or have a field twice. The other
    reader handles empty lines, which it counts, and halves of UTF-16 pairs.
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
                where = partial(at_line, source, number, line)
                yield _checked(_parsed(line, where, doubled), where)
                for name in doubled:
                    passed.add(DOUBLED, f"line {number:,} ('{name}')")
            else:
                passed.add(EMPTY, f"line {number:,}")


def _is_array(source: Path) -> bool:
    """Tell whether a file is one array of objects; some .jsonl files are."""
    with open_text(source) as file:
        head = file.read(1024).lstrip()
    return head.startswith("[") if ending_of(source) == JSON else bool(ARRAY.match(head))


def _elements(source: Path, text: str, passed: Passed) -> Iterable[Row]:
    doubled: list[str] = []
    rows = _parsed(text, lambda: str(source), doubled)
    for name in doubled:
        passed.add(DOUBLED, f"'{name}'")
    for number, row in enumerate(rows, 1):
        yield _checked(row, partial(_at_element, source, number, row))


def _at_element(source: Path, number: int, row: object) -> str:
    return f"{source}, element {number:,} ('{brief(json.dumps(row))}')"


def _refuse_one_object(source: Path) -> None:
    """Raise CurateError for a .json that is one object, such as COCO's or pandas' by columns."""
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
    """Parse JSON; add the names of fields that stand twice in an object to ``doubled``."""

    def paired(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        if len(fields) < len(pairs):
            counts = Counter(name for name, _ in pairs)
            doubled.extend(name for name, count in counts.items() if count > 1)
        return fields

    return json.loads(text, object_pairs_hook=paired)


def _parsed(text: str, where: Where, doubled: list[str]) -> Any:
    try:
        value = _loads(text, doubled)
        if not HALF_PAIR.search(text):
            return value
        whole = json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass")
        return json.loads(whole.decode("utf-16", "replace"))
    except RecursionError as error:
        raise CurateError(_too_deep(where())) from error
    except ValueError as error:
        raise CurateError(
            f"{where()} cannot be read as JSON: {error}; fix that line, or save it as Parquet."
        ) from error


def _checked(row: Any, where: Where) -> Row:
    if not isinstance(row, dict):
        raise CurateError(
            f"{where()} is no JSON object; write an object with the same fields for each row."
        )
    if _is_deep(row):
        raise CurateError(_too_deep(where()))
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
