"""Read CSV and TSV, in the dialects that common programs write."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from curate.errors import CurateError
from curate.manifest.columns import check_names, check_width, known_names
from curate.manifest.text_files import at_line, ending_of, lines_of, open_text
from curate.terminal.printable import brief
from curate.terminal.skipped import Skipped

SEPARATORS = {".csv": ",", ".tsv": "\t"}
OTHERS = (",", ";", "\t", "|")
SAMPLE_LINES, SAMPLE_CHARACTERS = 100, 1 << 20
FEW_ROWS, BATCH_ROWS, BATCH_CHARACTERS = 128, 8_192, 8 << 20
LONGEST_CELL = 64 << 20


@dataclass(frozen=True)
class Dialect:
    """How a table is written."""

    separator: str
    quoted: bool = True
    """Cells may stand in quotes; if not, a quote is a character like any other."""
    skip_blanks: bool = False
    """A blank follows each separator."""
    first_line: int = 0
    """Lines before the header: Excel's sep=;"""

    def rows(self, lines: Iterable[str]) -> Any:
        """Give csv's reader of rows of cells, the header first."""
        csv.field_size_limit(LONGEST_CELL)
        return csv.reader(
            islice(lines, self.first_line, None),
            delimiter=self.separator,
            quoting=csv.QUOTE_MINIMAL if self.quoted else csv.QUOTE_NONE,
            skipinitialspace=self.skip_blanks,
        )


@dataclass
class Survey:
    """What a table holds when it is read in a dialect; lines are counted from 1."""

    width: int = 0
    """Cells of the header."""
    wrong: tuple[int, str] | None = None
    """The first line that cannot be read so, and why."""
    empty: list[int] = field(default_factory=list)
    """Lines without a cell."""
    continued: list[tuple[int, int]] = field(default_factory=list)
    """First and last line of rows of which a cell in quotes goes on in the next line."""

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """Say which lines are no row of their own."""
        inside = [at for first, last in self.continued for at in range(first + 1, last + 1)]
        return (
            *Skipped.of("empty lines", map(_named, self.empty)),
            *Skipped.of("lines that go on with a cell in quotes", map(_named, inside)),
        )


def _named(line: int) -> str:
    return f"line {line:,}"


def separated_tables(source: Path) -> tuple[Iterator[pa.Table], tuple[Skipped, ...]]:
    """Read a CSV or TSV file: its rows as text in small tables, and which lines are no rows.

    An empty cell is null. What Python's csv reads is read, and a table that does not quote is read
    as such: where quotes would swallow lines, and without them every line has as many cells as the
    header. Raises CurateError with the line where a row has more or fewer.
    """
    dialect = _dialect(source)
    survey = _survey(source, dialect)
    if survey.wrong or survey.continued:
        plain = replace(dialect, quoted=False)
        other = _survey(source, plain)
        if other.wrong is None and other.width > 1:
            dialect, survey = plain, other
    if survey.wrong:
        raise CurateError(_complaint(source, *survey.wrong, survey.width))
    return _tables(source, dialect, survey), survey.skipped


def _dialect(source: Path) -> Dialect:
    """Find the separator: with it, each of the first lines has as many cells as the header."""
    with open_text(source) as file:
        sample = _sample(lines_of(file, source))
    told = re.fullmatch(r'"?sep=(.)"?', sample[0].strip(" \r\n"), re.IGNORECASE) if sample else None
    if told:
        return Dialect(told[1], first_line=1)
    usual = SEPARATORS.get(ending_of(source), ",")
    dialects = [Dialect(usual), *(Dialect(each) for each in OTHERS if each != usual)]
    fitting = [dialect for dialect in dialects if _fits(dialect, sample)]
    if fitting:  # The usual one, unless its header says less: size (w,h);label
        chosen = max(fitting, key=lambda each: known_names(_header(each, sample)))
    else:
        chosen = max(dialects, key=lambda each: len(_header(each, sample)))
    header = _header(chosen, sample)
    return replace(chosen, skip_blanks=all(name.startswith(" ") for name in header[1:]))


def _sample(lines: Iterator[str]) -> list[str]:
    """Take the first lines, fewer if they are long."""
    sample: list[str] = []
    for line in islice(lines, SAMPLE_LINES):
        sample.append(line)
        if sum(map(len, sample)) > SAMPLE_CHARACTERS:
            break
    return sample


def _header(dialect: Dialect, sample: list[str]) -> list[str]:
    return next((row for row in dialect.rows(sample) if not _is_blank(row, 0)), [])


def _fits(dialect: Dialect, sample: list[str]) -> bool:
    """Tell whether all rows of a sample, of which the last may be cut, have some cells and as many.

    With quotes or without.
    """
    for quoted in (True, False):
        rows = replace(dialect, quoted=quoted).rows(sample)
        widths = [len(row) for row in rows if not _is_blank(row, 0)]
        widths = list(set(widths[:-1] if len(widths) > 1 and quoted else widths))
        if len(widths) == 1 and widths[0] > 1:
            return True
    return False


def _survey(source: Path, dialect: Dialect) -> Survey:
    """Read all rows once, without keeping them."""
    survey, last, row = Survey(), dialect.first_line, [""]
    with open_text(source) as file:
        rows = dialect.rows(lines_of(file, source))
        try:
            for row in rows:
                at = dialect.first_line + rows.line_num
                if len(row) != survey.width or at != last + 1:
                    _note(survey, row, last + 1, at)
                    if survey.wrong:
                        break
                last = at
            if row[-1:] and row[-1].endswith("\n") and last not in map(max, survey.continued[-1:]):
                survey.continued.append((last, last))  # the last quote is not closed
        except csv.Error as error:
            survey.wrong = (last + 1, f"cannot be read as CSV: {error}")
    if survey.continued and not survey.wrong:
        survey.wrong = _disordered(source, dialect, survey.continued)
    return survey


def _note(survey: Survey, row: list[str], first: int, last: int) -> None:
    """Note a row that is the header, empty, of another width, or of several lines."""
    if _is_blank(row, survey.width):
        survey.empty.append(last)
        return
    survey.width = survey.width or len(row)
    if len(row) != survey.width:
        survey.wrong = first, f"has {len(row):,} cells where the header has {survey.width:,}"
    elif last > first:
        survey.continued.append((first, last))


def _disordered(
    source: Path, dialect: Dialect, spans: list[tuple[int, int]]
) -> tuple[int, str] | None:
    """Find the first row of several lines whose quotes do not match."""
    with open_text(source) as file:
        lines, at = lines_of(file, source), 0
        for first, last in spans:
            texts = list(islice(lines, first - at - 1, last - at))
            at = last
            try:
                list(csv.reader(texts, delimiter=dialect.separator, strict=True))
            except csv.Error as error:
                reason = f"begins a cell in quotes that takes {last - first:,} more lines with it"
                return first, f"{reason}, and {error}"
    return None


def _complaint(source: Path, number: int, reason: str, width: int) -> str:
    header = line = ""
    with open_text(source) as file:
        for at, text in enumerate(lines_of(file, source), 1):
            header = header or text.strip()
            if at == number:
                line = text
                break
    if width == 1 and len(header) and number > 1:
        return (
            f"{at_line(source, number, line)} {reason} ('{brief(header)}'); take out what"
            " stands before the line with the names of the columns."
        )
    return (
        f"{at_line(source, number, line)} {reason}; fix that line (a cell that holds the separator"
        " stands in quotes, and a quote in it is doubled), or save it as Parquet."
    )


def _tables(source: Path, dialect: Dialect, survey: Survey) -> Iterator[pa.Table]:
    with open_text(source) as file:
        rows: Iterator[list[str]] = dialect.rows(lines_of(file, source))
        if survey.empty:
            rows = (row for row in rows if not _is_blank(row, survey.width))
        header = next(rows, [])
        if not header:
            raise CurateError(f"{source} cannot be read: it has no line with names of columns.")
        check_width(len(header), source)
        names = _names(header)
        check_names(names, source)
        schema = pa.schema([(name, pa.large_string()) for name in names])
        yield schema.empty_table()
        for batch in _batches(rows):
            columns = [
                pa.array([cell or None for cell in column], pa.large_string())
                for column in zip(*batch, strict=True)
            ]
            yield pa.table(columns, schema=schema)


def _is_blank(row: list[str], width: int) -> bool:
    return not row or (len(row) == 1 != width and not row[0].strip())


def _names(header: list[str]) -> list[str]:
    """Name columns without a name, where there are several, by their place."""
    if header.count("") < 2:
        return header
    return [name or f"column_{place}" for place, name in enumerate(header, 1)]


def _batches(rows: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    batch: list[list[str]] = []
    characters = 0
    while some := list(islice(rows, FEW_ROWS)):
        batch += some
        characters += sum(map(len, chain.from_iterable(some)))
        if len(batch) >= BATCH_ROWS or characters > BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch
