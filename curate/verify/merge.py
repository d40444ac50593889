"""Merge the files of answers of several people."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from curate.errors import CurateError
from curate.manifest.label_studio import Answers, read_answers
from curate.manifest.verified_pairs import CORRECT, read_correct
from curate.terminal.skipped import Skipped
from curate.verify.answers import TIME, schema
from curate.verify.pair_answers import SCHEMA

LISTS, PAIRS = "lists of labels", "answers to single labels"
"""What a file may hold, beside single labels."""


@dataclass(frozen=True)
class Merged:
    """The answers of several people, merged."""

    agreed: pl.DataFrame
    """As a file of answers: samples that one person answered, or all alike, and who did."""
    disagreed: pl.DataFrame
    """key (and label, of answers to single labels), and a column for each file: its answers as
    text, null where it has none."""
    shared: int
    """Samples that are in more than one file."""
    skipped: tuple[Skipped, ...] = ()
    """Answers without a key."""

    @property
    def by_pair(self) -> bool:
        """Whether these are answers to single labels."""
        return CORRECT in self.agreed.columns


def merge(paths: Sequence[Path]) -> Merged:
    """Merge files by key; leave out samples whose answers contradict one another.

    Answers to single labels are merged by key and label. Two lists agree if they contain the same
    labels. Raises CurateError for a file that is not a file of answers, and for files with lists of
    labels, single ones or answers to single ones beside files of another of these kinds.
    """
    if len(paths) < 2:
        raise CurateError("--merge needs two files or more; name them before --out.")
    files = [_read(path) for path in paths]
    skipped = [
        each
        for path, (table, unread) in zip(paths, files, strict=True)
        for each in (
            *unread,
            *Skipped.of(f"answers in {path.name} without a key", _nameless(table)),
        )
    ]
    tables = [file.table.drop_nulls("key") for file in files]
    kinds = sorted({_kind(table) for table in tables})
    if len(kinds) > 1:
        raise CurateError(
            f"--merge: {', '.join(map(str, paths))} hold {' and '.join(kinds)}; merge files of one"
            " kind and one crawl."
        )
    names = ["key", "label"] if kinds == [PAIRS] else ["key"]
    said = pl.concat(
        table.with_columns(file=pl.lit(at), words=_words(kinds[0]))
        for at, table in enumerate(tables)
    )
    groups = said.group_by(names, maintain_order=True).agg(
        alike=pl.col("words").n_unique() == 1, files=pl.col("file").n_unique()
    )
    alike = groups.filter("alike").select(names)
    agreed = said.join(alike, on=names, maintain_order="left").group_by(names, maintain_order=True)
    everyone = pl.col("by").drop_nulls().unique(maintain_order=True).str.join(", ")
    others = [name for name in tables[0].columns if name not in (*names, "by")]
    firsts = [pl.col(name).first() for name in others]
    return Merged(
        agreed.agg(*firsts, by=everyone).sort("time", nulls_last=True, maintain_order=True),
        _side_by_side(said.join(groups.filter(~pl.col("alike")), on=names), names, len(paths)),
        len(groups.filter(pl.col("files") > 1)),
        tuple(skipped),
    )


def _read(path: Path) -> Answers:
    """Read a file of answers, or any table with columns key and label."""
    table, unread = read_answers(path, "--merge", "key, label")
    if not {"key", "label"} <= set(table.columns):
        raise CurateError(
            f"--merge {path} is not a file of answers; it needs columns key and label."
        )
    if CORRECT in table.columns:
        correct = read_correct(path, table, table["label"], "--merge")
        table, wanted = table.with_columns(correct.alias(CORRECT)), SCHEMA
    else:
        wanted = schema(table.schema["label"].is_nested())
    kept = table.select(name for name in wanted if name in table.columns)
    typed = kept.cast({name: wanted[name] for name in kept.columns if name != "time"})
    if "time" in typed.columns:
        typed = typed.with_columns(_times(path, typed["time"]))
    return Answers(pl.concat([wanted.to_frame(), typed], how="diagonal_relaxed"), unread)


def _times(path: Path, times: pl.Series) -> pl.Series:
    """Read when answers were given; text files hold ISO times, such as 2026-11-28T09:30:00.125Z."""
    with suppress(pl.exceptions.PolarsError):
        if times.dtype == pl.String:
            times = times.str.to_datetime(time_unit="ms", time_zone="UTC")
        return times.cast(TIME)
    raise CurateError(
        f"--merge {path}: column 'time' holds no times such as 2026-11-28T09:30:00Z; leave it out."
    )


def _nameless(table: pl.DataFrame) -> list[str]:
    return [f"row {at + 1}" for at in table["key"].is_null().arg_true()]


def _kind(table: pl.DataFrame) -> str:
    if CORRECT in table.columns:
        return PAIRS
    return LISTS if table.schema["label"].is_nested() else "single labels"


def _words(kind: str) -> pl.Expr:
    if kind == PAIRS:
        return pl.when(CORRECT).then(pl.lit("yes")).otherwise(pl.lit("no"))
    label = pl.col("label")
    text = label.list.sort().list.join(", ") if kind == LISTS else label
    return text.replace("", None).fill_null("none of the classes")


def _side_by_side(said: pl.DataFrame, names: list[str], files: int) -> pl.DataFrame:
    columns = [
        pl.col("words").filter(pl.col("file") == at).str.join(" / ").replace("", None)
        .alias(f"file {at + 1}")
        for at in range(files)
    ]  # fmt: skip
    return said.group_by(names, maintain_order=True).agg(*columns)
