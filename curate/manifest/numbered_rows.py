"""Answers that name rows by their numbers, refused where these may be or are other rows."""

from collections.abc import Collection
from pathlib import Path

import polars as pl

from curate.errors import CurateError
from curate.manifest.spellings import as_text, canonical
from curate.terminal.printable import brief

GIVEN, ROW = "given_label", "row"


def require_row_numbers(path: Path, columns: Collection[str], manifest: Path) -> None:
    """Raise CurateError for keys that may be others than numbers of rows.

    ``manifest`` has no key column; `curate verify` then writes numbers, and the labels given.
    """
    if not {GIVEN, ROW} & {*columns}:
        raise CurateError(
            f"--verified {path} has no column '{ROW}', and {manifest} has no key column; name it"
            f" with --key, or call numbers of rows, from 0, '{ROW}'."
        )


def require_same_rows(path: Path, table: pl.DataFrame, rows: pl.LazyFrame) -> None:
    """Raise CurateError if a row's label is neither the one that was verified nor the answer.

    A number names a row only as long as all rows stay where they are. ``table`` has key, the
    number as text, label and, where `curate verify` wrote it, given_label; without, nothing is
    known. ``rows`` are the crawl's key and label. Rows that moved by so little that all labels
    match are not noticed.
    """
    kind = rows.collect_schema()["label"]
    if GIVEN not in table.columns or isinstance(kind, pl.List) != isinstance(
        table.schema[GIVEN], pl.List
    ):
        return
    asked = table.select("key", *(_form(table, name).alias(name) for name in (GIVEN, "label")))
    now = rows.join(asked.lazy().select("key"), on="key", how="semi").select("key", "label")
    found = now.collect(engine="streaming")
    found = found.select("key", now=_form(found, "label")).join(asked, on="key")
    moved = pl.col("now").ne_missing(pl.col(GIVEN)) & pl.col("now").ne_missing(pl.col("label"))
    other = found.filter(moved)
    if len(other):
        key, now, given, _ = other.row(0)
        raise CurateError(
            f"--verified {path} names rows by their numbers, and the label of row {key} (from 0)"
            f" was '{brief(given or 'empty')}' when it was verified, and is"
            f" '{brief(now or 'empty')}' now: {len(other):,} of {len(found):,} rows do not match."
            " If rows were sorted, added or removed, weigh the crawl with a key column and verify"
            f" again; if only labels were changed, take the column '{GIVEN}' out of the table."
        )


def _form(table: pl.DataFrame, name: str) -> pl.Series:
    """Write labels, or lists of them, without what does not tell classes apart."""
    values = table[name]
    texts = values if isinstance(values.dtype, pl.List) else as_text(values)
    return pl.Series(name, [_text(value) for value in texts.to_list()], pl.String)


def _text(value: str | list[object] | None) -> str | None:
    labels = value if isinstance(value, list) else [value]
    names = [canonical(str(label)).casefold() for label in labels if label is not None]
    return ", ".join(sorted(names)) or None
