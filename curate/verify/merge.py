"""Several people's files of answers made one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from curate.errors import CurateError
from curate.manifest.tables import read_table
from curate.terminal.skipped import Skipped
from curate.verify.answers import schema


@dataclass(frozen=True)
class Merged:
    """What several people said together."""

    agreed: pl.DataFrame
    """As a file of answers: what only one said, and what all said alike, with all names."""
    disagreed: pl.DataFrame
    """key, and a column of labels for each file, in words; null where it says nothing."""
    shared: int
    """Samples that more than one answered."""
    skipped: tuple[Skipped, ...] = ()
    """Answers that name no sample."""


def merge(paths: Sequence[Path]) -> Merged:
    """Put files together by key; answers that contradict one another are left out.

    Two lists of labels agree where they hold the same labels. Raises CurateError for what is no
    file of answers, and for one file with lists beside one without.
    """
    if len(paths) < 2:
        raise CurateError("--merge needs two files or more; name them before --out.")
    tables = [_read(path) for path in paths]
    skipped = [
        each
        for path, table in zip(paths, tables, strict=True)
        for each in Skipped.of(f"answers in {path.name} without a key", _nameless(table))
    ]
    tables = [table.drop_nulls("key") for table in tables]
    lists = {table.schema["label"] == pl.List(pl.String()) for table in tables}
    if len(lists) > 1:
        raise CurateError(
            f"--merge: some of {', '.join(map(str, paths))} have lists of labels and some single"
            " ones; merge files of one crawl."
        )
    said = pl.concat(
        table.with_columns(file=pl.lit(at), words=_words(lists == {True}))
        for at, table in enumerate(tables)
    )
    groups = said.group_by("key", maintain_order=True).agg(
        alike=pl.col("words").n_unique() == 1, files=pl.col("file").n_unique()
    )
    alike = groups.filter("alike").select("key")
    agreed = said.join(alike, on="key", maintain_order="left").group_by("key", maintain_order=True)
    everyone = pl.col("by").drop_nulls().unique(maintain_order=True).str.join(", ")
    firsts = [pl.col(name).first() for name in ("label", "given_label", "time", "strategy")]
    return Merged(
        agreed.agg(*firsts, by=everyone).sort("time", nulls_last=True, maintain_order=True),
        _side_by_side(said.join(groups.filter(~pl.col("alike")), on="key"), len(paths)),
        len(groups.filter(pl.col("files") > 1)),
        tuple(skipped),
    )


def _read(path: Path) -> pl.DataFrame:
    """Read a file of answers, or any table with columns key and label."""
    table = read_table(path, "--merge", "key, label")
    if not {"key", "label"} <= set(table.columns):
        raise CurateError(f"--merge {path} is no file of answers; it needs columns key and label.")
    wanted = schema(table.schema["label"].is_nested())
    kept = table.select(name for name in wanted if name in table.columns)
    typed = kept.cast({name: wanted[name] for name in kept.columns if name != "time"})
    return pl.concat([wanted.to_frame(), typed], how="diagonal_relaxed")


def _nameless(table: pl.DataFrame) -> list[str]:
    return [f"row {at + 1}" for at in table["key"].is_null().arg_true()]


def _words(lists: bool) -> pl.Expr:
    label = pl.col("label")
    text = label.list.sort().list.join(", ") if lists else label
    return text.replace("", None).fill_null("none of the classes")


def _side_by_side(said: pl.DataFrame, files: int) -> pl.DataFrame:
    columns = [
        pl.col("words").filter(pl.col("file") == at).str.join(" / ").replace("", None)
        .alias(f"file {at + 1}")
        for at in range(files)
    ]  # fmt: skip
    return said.group_by("key", maintain_order=True).agg(*columns)
