"""Choose which samples are asked about, and in which order."""

from bisect import bisect_left
from dataclasses import dataclass
from typing import get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.errors import CurateError
from curate.inspect.asked_class import find_class
from curate.options.verify import Strategy
from curate.terminal.printable import brief
from curate.weighted.doubts import doubt_counts, lowest_quality
from curate.weighted.noise_type_filter import of_noise_type
from curate.weighted.weighted import Weighted
from prototypes.score.verified_share import Counts

STRATEGIES = get_args(Strategy)
OF_SOME = ", of one class or type of noise"
QUARTERS = 4
"""``balanced`` asks equally often of each of so many parts of a class's qualities."""

MOST_RANKED = 1_000_000
"""Most rows whose qualities are sorted to find the quarters."""


@dataclass(frozen=True)
class QueueOptions:
    """What to ask about."""

    strategy: str = "suspect"
    limit: int = 200
    label: str | None = None
    """Only samples of this class."""
    seed: int = 0
    noise_type: str | None = None
    """Only samples that most likely have this type of noise."""

    @property
    def recorded(self) -> str:
        """The strategy as it is written beside answers; those of some rows are no random sample."""
        some = self.label is not None or self.noise_type is not None
        return f"{self.strategy}{OF_SOME}" if some else self.strategy


def make_queue(weighted: Weighted, options: QueueOptions) -> pl.DataFrame:
    """Choose at most ``limit`` judged rows, in the order to ask; columns of `Weighted.scan`.

    - ``suspect``: the lowest label_quality first; a list of labels has that of its lowest.
    - ``boundary``: labels near the limit between flagged and other labels first, by the distance of
      the quality's logit from the threshold's. As many labels lie below the threshold as are
      flagged.
    - ``balanced``: every class in turn, and within a class every quarter of its qualities in turn.
      Chance decides which sample of a quarter comes, and which class begins.
    - ``random``: every judged row is equally likely, at every place of the queue.

    The same seed gives the same queue; a higher limit only adds to its end. The rows are
    streamed. Raises CurateError if no row is judged (with that label and type of noise), and for
    an unknown strategy.
    """
    if options.strategy not in STRATEGIES:
        raise CurateError(
            f"--strategy {options.strategy} is not known; choose one of {', '.join(STRATEGIES)}."
        )
    rows = _asked_about(weighted, options)
    if options.strategy == "suspect":
        rows = rows.with_columns(place=pl.col("quality"))
    elif options.strategy == "boundary":
        rows = _by_boundary(weighted, rows)
    elif options.strategy == "balanced":
        rows = rows.join(_balanced(rows, options.limit, options.seed).lazy(), on="row")
    else:
        rows = rows.with_columns(place=pl.col("row").hash(options.seed))
    order = ["place", "row"]
    queue = rows.bottom_k(options.limit, by=order).collect(engine="streaming").sort(order)
    if len(queue) == 0:
        named = f" with the label '{brief(options.label)}'" if options.label is not None else ""
        if options.noise_type is not None:
            raise CurateError(
                f"{weighted.path} has no judged row{named} of --noise-type {options.noise_type};"
                " leave that option out."
            )
        raise CurateError(
            f"{weighted.path} has no judged row{named}; name"
            + (" another class with --class." if named else " another file.")
        )
    return queue.drop("class", "quality", "place")


def count_doubts(weighted: Weighted, options: QueueOptions) -> Counts:
    """Count the rows that a queue is drawn from, by `doubt_bins` of their lowest quality."""
    quality = lowest_quality(weighted.manifest.has_label_lists)
    return doubt_counts(_asked_about(weighted, options), quality)


def _asked_about(weighted: Weighted, options: QueueOptions) -> pl.LazyFrame:
    """Scan the judged rows of that class and type of noise."""
    rows = _judged(weighted, find_class(weighted, "--class", options.label))
    if options.noise_type is None:
        return rows
    return rows.filter(of_noise_type(weighted, options.noise_type))


def _judged(weighted: Weighted, label: str | None) -> pl.LazyFrame:
    """Scan the rows that have a quality; add the ``class`` and ``quality`` that place them."""
    rows = weighted.scan()
    given, quality = pl.col("label"), pl.col("label_quality")
    if not weighted.manifest.has_label_lists:
        rows = rows.with_columns(given.alias("class"), quality.alias("quality"))
        if label is not None:
            rows = rows.filter(given == label)
    else:
        at = quality.list.arg_min()
        if label is not None:
            rows = rows.filter(given.list.contains(label))
            same = given.list.eval((pl.element() == label).fill_null(False).cast(pl.Int8))
            at = same.list.arg_max()
        rows = rows.with_columns(
            given.list.get(at, null_on_oob=True).alias("class"),
            quality.list.get(at, null_on_oob=True).alias("quality"),
        )
    return rows.filter(
        pl.col("class").is_not_null() & (pl.col("class") != "")
        & pl.col("quality").is_not_null() & pl.col("quality").is_not_nan()
    )  # fmt: skip


def _by_boundary(weighted: Weighted, rows: pl.LazyFrame) -> pl.LazyFrame:
    if "is_label_issue" not in weighted.names:
        raise CurateError(
            f"{weighted.path} has no column '{weighted.prefix}is_label_issue', which --strategy"
            " boundary needs; weigh it again, or choose another strategy."
        )
    flagged = pl.col("is_label_issue")
    if weighted.manifest.has_label_lists:
        flagged = flagged.list.any()
    share = rows.select(flagged.mean()).collect(engine="streaming").item() or 0.0
    threshold = pl.col("quality").quantile(share).cast(pl.Float64)
    quality = rows.select(threshold).collect(engine="streaming").item()
    distance = _logit(pl.col("quality")) - _logit(pl.lit(quality, pl.Float64))
    return rows.with_columns(place=distance.abs())


def _logit(quality: pl.Expr) -> pl.Expr:
    kept = quality.cast(pl.Float64).clip(1e-9, 1 - 1e-9)
    return (kept / (1 - kept)).log()


def _balanced(rows: pl.LazyFrame, limit: int, seed: int) -> pl.DataFrame:
    """Choose rows of every class and quarter in turn: row, place."""
    chance, stratum = pl.col("row").hash(seed), ["class", "quarter"]
    narrow = _with_quarters(rows.select("row", "class", "quality"))
    strata = narrow.group_by(stratum).len("size").collect(engine="streaming")
    sizes = strata.group_by("class").agg(pl.col("size").sum())["size"]
    rounds = _rounds(sizes.to_numpy(), limit)
    # Enough rows of each stratum with near certainty: 8 standard deviations more than needed.
    share = (rounds + 8 * rounds**0.5 + 16) / pl.col("size")
    picks = (
        narrow.join(strata.lazy().with_columns(share=share), on=stratum)
        .filter(chance.cast(pl.Float64) / 2**64 < pl.col("share"))
        .with_columns(chance=chance, first=pl.col("class").hash(seed))
        .collect(engine="streaming")
    )
    nth = pl.int_range(pl.len()).over(stratum, order_by=["chance", "row"])
    turn = nth * QUARTERS + (pl.col("quarter") + pl.col("first")) % QUARTERS
    round_ = pl.int_range(pl.len()).over("class", order_by="turn")
    ordered = picks.with_columns(turn=turn).with_columns(round=round_)
    ordered = ordered.sort("round", "first", "class").head(limit)
    return ordered.select("row", place=pl.int_range(pl.len()).cast(pl.UInt64))


def _with_quarters(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Add the quarter of its class's qualities that a row lies in; many rows are sampled for it."""
    every = 1 + rows.select(pl.len()).collect(engine="streaming").item() // MOST_RANKED
    ranked = rows.filter(pl.col("row") % every == 0)
    quality = pl.col("quality")
    cuts = {f"cut{at}": quality.quantile(at / QUARTERS) for at in range(1, QUARTERS)}
    classes = ranked.group_by("class").agg(**cuts).collect(engine="streaming")
    quarter = pl.sum_horizontal((quality > pl.col(cut)).cast(pl.Int64) for cut in cuts)
    joined = rows.join(classes.lazy(), on="class", how="left")
    return joined.select("row", "class", quarter.alias("quarter"))


def _rounds(sizes: NDArray[np.uint32], limit: int) -> int:
    """Return how many rounds over classes of these sizes (C,) it takes to choose ``limit`` rows."""
    wanted = min(limit, int(sizes.sum()))
    return 1 + bisect_left(
        range(1, wanted + 1), wanted, key=lambda rounds: int(np.minimum(sizes, rounds).sum())
    )
