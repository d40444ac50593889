"""How verified rows were drawn: at random, or for another reason, and in which order."""

import polars as pl

STRATEGY, TIME = "strategy", "time"
"""Columns of `curate verify`'s answers."""
RANDOM = "random"
"""The strategy by which rows stand for the crawl."""
BEFORE = "before"
"""Verified before the random sample was drawn from the other rows."""
OTHER = "other"
"""Neither: such rows say nothing of the share of wrong labels."""
ASSUMED = "assumed"
"""The table does not say how its rows were chosen, and they are taken for a random sample."""


def how_drawn(table: pl.DataFrame) -> pl.Series:
    """Say of each row of a table of verified rows how it was drawn: one of the four words above.

    `curate verify --strategy random` draws from the rows that have no answer yet. So the longest
    run of random answers, in the order in which they were given, is a random sample of all rows
    that were not answered before it. Later answers do not count: which rows they are about depends
    on that sample.
    """
    if not _says(table):
        return pl.repeat(ASSUMED, len(table), eager=True)
    order = [TIME] if TIME in table.columns and not table.schema[TIME].is_nested() else []
    rows = table.lazy().select(STRATEGY, *order).with_row_index("at")
    rows = rows.sort(*order, "at", nulls_last=True).with_row_index("place")
    random = (pl.col(STRATEGY).cast(pl.String) == RANDOM).fill_null(False)
    runs = rows.with_columns(random=random, run=(~random).cum_sum())
    sizes = runs.filter("random").group_by("run").agg(pl.len(), first=pl.col("place").min())
    longest = sizes.sort("len", "run", descending=[True, False]).head(1).collect()
    if longest.is_empty():
        return pl.repeat(OTHER, len(table), eager=True)
    run, first = longest.select("run", "first").row(0)
    word = (
        pl.when(pl.col("place") < first)
        .then(pl.lit(BEFORE))
        .when(pl.col("random") & (pl.col("run") == run))
        .then(pl.lit(RANDOM))
        .otherwise(pl.lit(OTHER))
    )
    return runs.select("at", drawn=word).sort("at").collect()["drawn"]


def _says(table: pl.DataFrame) -> bool:
    """Tell whether a table names strategies."""
    kinds = (pl.String, pl.Categorical, pl.Enum)
    return isinstance(table.schema.get(STRATEGY), kinds) and not table[STRATEGY].is_null().all()
