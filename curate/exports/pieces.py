"""Chosen rows cut into pieces, each of which becomes a file of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from curate.images.status import Status

WHOLE = "train"
"""The part that all rows are in where there is no split."""


@dataclass(frozen=True)
class Piece:
    """Chosen rows of a part of the split, which lie in ``rows`` rows of the crawl."""

    part: str
    number: int
    """Of its file among those of the part, from 0."""
    first_row: int
    """Of the crawl, counted from 0."""
    rows: int
    chosen: int
    """So many of them are chosen, and in the part."""

    @property
    def stop(self) -> int:
        """The row after the last."""
        return self.first_row + self.rows


def cut(chosen: Path, parts: Sequence[str], size: int) -> list[Piece]:
    """Cut the chosen rows of each part into pieces with ``size`` pictures each, in row order.

    Pictures that only turn out to be unreadable as they are read are missing in their piece, so
    that no piece depends on another.
    """
    table = pl.scan_parquet(chosen, glob=False)
    has_parts = "split" in table.collect_schema().names()
    part = pl.col("split") if has_parts else pl.lit(WHOLE)
    rows = table.select(
        "row", part=part.cast(pl.Enum(parts)), readable=pl.col("status") == Status.OK
    ).collect(engine="streaming")
    before = pl.col("readable").cast(pl.Int64).cum_sum().over("part") - 1
    pieces = (
        rows.with_columns(number=before.clip(0) // size)
        .group_by("part", "number")
        .agg(first_row=pl.col("row").min(), last=pl.col("row").max(), chosen=pl.len())
        .sort("first_row")
    )
    return [
        Piece(part, number, first, last + 1 - first, chosen)
        for part, number, first, last, chosen in pieces.iter_rows()
    ]


class Pieces:
    """Some of the pieces, and which rows are in them."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.first_row = min(piece.first_row for piece in pieces)
        self.stop = max(piece.stop for piece in pieces)
        facts = [(piece.part, piece.first_row, piece.stop) for piece in pieces]
        schema = {"split": pl.String, "row": pl.get_index_type(), "stop": pl.get_index_type()}
        table = pl.DataFrame(facts, schema=schema, orient="row").with_row_index("piece")
        self._pieces = table.sort("row")

    def placed(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Keep the rows of these pieces, and add ``piece``: the place of each row's among them."""
        whole = "split" not in rows.columns
        marked = rows.with_columns(split=pl.lit(WHOLE)) if whole else rows
        found = marked.join_asof(
            self._pieces, on="row", by="split", strategy="backward", check_sortedness=False
        ).filter(pl.col("row") < pl.col("stop"))
        return found.drop("stop", *(["split"] if whole else []))
