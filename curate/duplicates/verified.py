"""Verified rows of a crawl that have copies: what is true of a picture is true of its copies."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from rich.console import Console

from curate.crawl.verified_rows import require_a_class
from curate.duplicates.answers import AnswersOfCopies, answers_of_copies
from curate.duplicates.copies import Copies
from curate.duplicates.stars import Rows
from curate.errors import CurateError
from curate.manifest.columns import exact_column
from curate.manifest.manifest import Manifest
from curate.terminal.notices import say, warn
from curate.terminal.printable import examples
from curate.terminal.skipped import Skipped

CONTRADICTING = "verified rows whose copies have another answer"


@dataclass(frozen=True)
class VerifiedRows:
    """Rows of a crawl with verified labels: row, ascending, label, and more."""

    answered: pl.DataFrame | None
    """Those that a person has answered, and whether an answer to a copy has ``contradicted`` it;
    None where nothing is verified."""
    all: pl.DataFrame | None
    """Those that are not contradicted, and their copies."""
    skipped: tuple[Skipped, ...] = ()


def with_copies(
    path: Path | None,
    verified: pl.DataFrame | None,
    copies: Copies | None,
    manifest: Manifest,
    console: Console,
) -> VerifiedRows:
    """Pass verified labels on to copies; ``verified`` is as `read_verified` gives it, from a path.

    Raises CurateError where nothing is left.
    """
    if path is None or verified is None:
        return VerifiedRows(None, None)
    if copies is None or not copies.count:
        return VerifiedRows(verified.with_columns(contradicted=False), verified)
    rows = verified["row"].to_numpy().astype(np.int64)
    found = answers_of_copies(copies.representative, rows, verified["label"].to_numpy())
    skipped = say_answers(path, rows, found, lambda some: _keys(manifest, some), console)
    answered = verified.with_columns(contradicted=pl.Series(~found.kept))
    left = verified.filter(pl.Series(found.kept))
    if not len(left):
        raise CurateError(
            f"--verified {path}: every row that it names has a copy with another answer; look at"
            " them with `curate duplicates`, and correct the table."
        )
    require_a_class(left, path)
    passed_on = verified[found.answer].with_columns(
        pl.Series("row", found.rows, verified.schema["row"])
    )
    return VerifiedRows(answered, pl.concat([left, passed_on]).sort("row"), skipped)


def say_answers(
    path: Path,
    rows: Rows,
    found: AnswersOfCopies,
    keys_of: Callable[[Rows], list[str]],
    console: Console,
) -> tuple[Skipped, ...]:
    """Say how many copies take an answer, and which answers of rows (V,) contradict each other."""
    if len(found.rows):
        say(
            console,
            f"--verified {path}: copies of verified rows, which take their labels:"
            f" {len(found.rows):,}.",
        )
    against = rows[~found.kept]
    if not len(against):
        return ()
    keys = keys_of(against)
    warn(
        console,
        f"--verified {path}",
        f"{CONTRADICTING}, such as {examples(keys)}, are left out: {len(against):,}.",
    )
    return Skipped.of(CONTRADICTING, keys)


def _keys(manifest: Manifest, rows: Rows) -> list[str]:
    key = manifest.columns.key
    assert key is not None
    keys = manifest.scan().select(exact_column(key).cast(pl.String)).with_row_index("row")
    return keys.filter(pl.col("row").is_in(rows)).collect(engine="streaming")[key].to_list()
