"""CSV and JSON lines, turned into Parquet once."""

import glob
from pathlib import Path

import polars as pl

from curate.errors import CurateError
from curate.manifest.skipped import Skipped

SEPARATORS = {".csv": ",", ".tsv": "\t"}
JSON_LINES = (".jsonl", ".ndjson")


def table_to_parquet(source: Path, target: Path) -> tuple[Skipped, ...]:
    """Write a CSV, TSV or JSON lines file as Parquet, values as they stand; say what is left out.

    CSV cells stay text, so that 007 is written back as 007. A JSON field that is sometimes a
    number and sometimes a text, or a list and a text, becomes a text.
    """
    try:
        scan_table(source).sink_parquet(target, maintain_order=True)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        raise CurateError(
            f"{source} cannot be read as {source.suffix[1:].upper()}:"
            f" {str(error).splitlines()[0].rstrip('.')}; mend that line, or save it as Parquet."
        ) from error
    return ()


def scan_table(source: Path) -> pl.LazyFrame:
    """Scan a CSV, TSV or JSON lines file lazily."""
    if source.suffix.lower() in JSON_LINES:
        return pl.scan_ndjson(_literal(source), infer_schema_length=None)
    return pl.scan_csv(
        source, separator=SEPARATORS[source.suffix.lower()], infer_schema=False, glob=False
    )


def _literal(source: Path) -> str:
    """Write a path so that polars takes brackets and stars in it for themselves."""
    return glob.escape(str(source))


def read_table(path: Path, option: str, columns: str) -> pl.DataFrame:
    """Read a small table of the user's: Parquet, CSV, TSV or JSON lines.

    Raises CurateError, which names the option and the columns wanted, for what is no such table.
    """
    endings = (*SEPARATORS, *JSON_LINES, ".parquet")
    if not path.is_file() or path.suffix.lower() not in endings:
        raise CurateError(
            f"{option} {path} is not a table; give a file that ends in {', '.join(endings)} with"
            f" columns {columns}."
        )
    try:
        if path.suffix.lower() == ".parquet":
            return pl.read_parquet(path, glob=False)
        return scan_table(path).collect()
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        raise CurateError(
            f"{option} {path} cannot be read: {str(error).splitlines()[0].rstrip('.')}; write it"
            " again."
        ) from error
