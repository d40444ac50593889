"""Summarise a weighted manifest in a few streaming passes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from curate.duplicates.told import CopyCounts
from curate.images.status import Status
from curate.inspect.copy_groups import count_groups
from curate.manifest.manifest import as_text
from curate.terminal.printable import FEW
from curate.weighted.counts import Counts, holding
from curate.weighted.noise_matrix import read_noise_matrix
from curate.weighted.verified_share import VerifiedShare
from curate.weighted.weighted import Weighted

BINS = 20
STRONGEST = 20
"""Confusions that are kept for each class."""
OF_LABELS = {
    "weight": pl.Float32(),
    "label_quality": pl.Float32(),
    "is_label_issue": pl.Boolean(),
    "issue_kind": pl.String(),
}
"""Columns of curate with a value for each label; they are lists where labels are."""
OF_ROWS = ("suggested_label", "status", "refined_label")
UNSHARED = pl.QueryOptFlags(comm_subplan_elim=False)
"""Each count reads the data for itself: what several have in common would be held in memory."""
OF_CLASS = ("label", "rows", "judged", "unjudged", "flagged", "relabel", "outlier",
            "mean_quality", "mean_weight")  # fmt: skip
PAIRS = {"given": pl.String(), "suggested": pl.String(), "count": pl.Int64()}
LABEL = pl.col("label")
WRONG_PAIR = pl.col("given") != pl.col("suggested")


@dataclass(frozen=True)
class Histogram:
    """How many labels lie in each of BINS bins of equal width; the last includes the top value."""

    top: float
    """Bins run from 0 to here."""
    counts: tuple[int, ...]
    """(BINS,)"""


@dataclass(frozen=True, kw_only=True)
class Overview(Counts):
    """Counts over a weighted manifest.

    Its ``noise`` is the estimate of `curate weight`; None if its run is gone, was repeated with
    other options, or had other rows.
    """

    keyed: bool
    """The crawl has keys; numbers of rows, from 0, stand for them in ``examples`` if not."""
    made: Sequence[str]
    """The commands that made the file; empty if it does not say."""
    copy_counts: CopyCounts | None
    """None where copies were not looked for."""
    refined: int | None
    """Rows whose refined label is not the given one; None before `curate refine`."""
    quality: Histogram
    weight: Histogram
    """Of the labels that have one."""
    flagged_quality: Histogram
    """Of those labels that are flagged."""
    flagged_below: float | None
    """The quality below which labels are flagged; None if no quality parts them from the others."""
    classes: pl.DataFrame
    """By label: rows (that carry it), judged, unjudged, flagged, relabel, outlier, mean_quality and
    mean_weight (of the judged), and wrong, the estimated share of it that is wrong (null where
    `noise` is None). Worst first: by wrong, else by the share that is flagged."""
    confusions: pl.DataFrame
    """given, suggested, count: each label's STRONGEST pairs with another class, most first.

    If `noise` is known, these are wrong labels and the class that each likely is, from the run's
    noise matrix. Otherwise they are flagged labels and their suggestions; none for lists."""


def overview(weighted: Weighted, verified: VerifiedShare | None = None) -> Overview:
    """Count a weighted manifest of any size; its columns are streamed.

    ``verified`` is what verified rows tell, in place of what the file records of it.
    """
    lists = weighted.manifest.has_label_lists
    rows, labels = _rows(weighted), label_rows(weighted)
    top = _top_weight(rows, lists) if "weight" in weighted.names else 1.0
    binned = labels.with_columns(_bin("label_quality", 1.0), _bin("weight", top))
    totals, statuses, failures, by_class = pl.collect_all(
        [
            rows.select(**_totals(weighted)),
            rows.drop_nulls("status").group_by("status").len().sort("len", "status"),
            _failures(weighted),
            binned.group_by("label").agg(**_of_class()),
        ],
        engine="streaming",
        optimizations=UNSHARED,
    )
    matrix = read_noise_matrix(weighted.run, weighted.scores)
    classes = by_class.drop_nulls("label")
    sums = classes.select(
        pl.col("rows").alias("labels"), "judged", "unjudged", "flagged", "relabel", "outlier"
    ).sum()
    if matrix is not None and matrix["count"].sum() != sums["judged"].item():
        matrix = None
    noise = None if matrix is None else _noise(matrix)
    return Overview(
        rows=weighted.rows,
        lists=lists,
        keyed=weighted.manifest.columns.key is not None,
        statuses=dict(statuses.reverse().iter_rows()),
        examples=dict(failures.iter_rows()),
        skipped=weighted.origin.skipped,
        made=[each.command for each in weighted.origin.made],
        copy_counts=count_groups(weighted),
        **totals.row(0, named=True),
        **sums.row(0, named=True),
        zero_weight=int((classes if lists else by_class)["zero"].sum()),
        little_known=classes.filter(pl.col("unjudged") > 0)["label"].sort().to_list(),
        noise=noise,
        range_of_wrong=holding(noise, weighted.origin.range_of_wrong),
        verified=verified or _verified(weighted),
        quality=_histogram(by_class, "label_quality", 1.0),
        weight=_histogram(by_class, "weight", top),
        flagged_quality=_histogram(by_class, "flagged", 1.0),
        flagged_below=_limit(by_class),
        classes=_worst_first(classes.select(OF_CLASS), matrix),
        confusions=_suggested(rows, lists) if matrix is None else _confused(matrix),
    )


def _failures(weighted: Weighted) -> pl.LazyFrame:
    """Return the keys of the first rows of each status except ok."""
    if "status" not in weighted.names:
        return pl.LazyFrame(schema={"status": pl.String, "key": pl.List(pl.String)})
    failed = weighted.scan().select("row", "key", pl.col("status").cast(pl.String))
    failed = failed.filter(pl.col("status") != Status.OK)
    return failed.group_by("status").agg(pl.col("key").sort_by("row").head(FEW))


def label_rows(weighted: Weighted) -> pl.LazyFrame:
    """Scan each label of each image once: row, label (as text, or null), and OF_LABELS."""
    rows = _rows(weighted)
    return _complete(_labels(rows) if weighted.manifest.has_label_lists else rows, OF_LABELS)


def _rows(weighted: Weighted) -> pl.LazyFrame:
    """Scan the rows' numbers and what is counted, labels as text."""
    lists, text = weighted.manifest.has_label_lists, pl.String()
    kinds: dict[str, pl.DataType] = {n: pl.List(text) if lists else text for n in OF_ROWS}
    kinds |= {"status": text}
    present = [n for n in (*OF_LABELS, *OF_ROWS) if n in weighted.names]
    label = LABEL.list.eval(as_text(pl.element())) if lists else as_text(LABEL)
    rows = weighted.scan().select("row", label.alias("label"), *present)
    return _complete(rows.cast({n: kind for n, kind in kinds.items() if n in present}), kinds)


def _complete(rows: pl.LazyFrame, kinds: Mapping[str, pl.DataType]) -> pl.LazyFrame:
    """Add the columns that the file lacks, full of nulls."""
    present = rows.collect_schema().names()
    return rows.with_columns(
        pl.lit(None, kind).alias(name) for name, kind in kinds.items() if name not in present
    )


def _labels(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Make a row of each distinct label of each image."""
    columns = [n for n in rows.collect_schema().names() if n not in (*OF_ROWS, "row")]
    rows = rows.select("row", *columns).filter(LABEL.list.len() > 0)
    doubled = LABEL.list.n_unique() < LABEL.list.len()
    first = LABEL.list.eval(pl.element().is_first_distinct()).alias("first")
    once = rows.filter(~doubled).explode(columns)
    more = rows.filter(doubled).with_columns(first).explode(*columns, "first")
    return pl.concat([once, more.filter("first").drop("first")]).drop_nulls("label")


def _top_weight(rows: pl.LazyFrame, lists: bool) -> float:
    weight = pl.col("weight").list.max() if lists else pl.col("weight")
    return rows.select(weight.max()).collect(engine="streaming").item() or 1.0


def _totals(weighted: Weighted) -> dict[str, pl.Expr]:
    lists, names = weighted.manifest.has_label_lists, weighted.names
    unlabelled = LABEL.is_null()
    missing = incomplete = pl.lit(0)
    if lists:
        unlabelled = LABEL.list.drop_nulls().list.len().fill_null(0) == 0
        lengths = pl.col("suggested_label").list.len()
        missing, incomplete = lengths.sum(), (lengths > 0).sum()
    refined = (pl.col("refined_label") != LABEL).sum()
    return {
        "unlabelled": unlabelled.sum(),
        "missing": missing,
        "incomplete": incomplete,
        "refined": refined if "refined_label" in names else pl.lit(None, pl.Int64),
    }


def _bin(name: str, top: float) -> pl.Expr:
    bins = (pl.col(name) * (BINS / top)).floor().clip(0, BINS - 1).cast(pl.Int8)
    return bins.alias(f"{name} bin")


def _of_class() -> dict[str, pl.Expr]:
    quality, weight, kind = pl.col("label_quality"), pl.col("weight"), pl.col("issue_kind")
    judged = quality.is_not_null()
    counts = {
        "rows": pl.len(),
        "judged": judged.sum(),
        "unjudged": (pl.col("is_label_issue").is_not_null() & ~judged).sum(),
        "flagged": pl.col("is_label_issue").sum(),
        "relabel": (kind == "relabel").sum(),
        "outlier": (kind == "outlier").sum(),
        "mean_quality": quality.mean(),
        "mean_weight": weight.filter(judged).mean(),
        "zero": (weight == 0).sum(),
        "highest_flagged": quality.filter("is_label_issue").max(),
        "lowest_other": quality.filter(~pl.col("is_label_issue")).min(),
    }
    for name in ("label_quality", "weight"):
        counts |= {f"{name} {at}": (pl.col(f"{name} bin") == at).sum() for at in range(BINS)}
    bins, flagged = pl.col("label_quality bin"), pl.col("is_label_issue")
    return counts | {f"flagged {at}": ((bins == at) & flagged).sum() for at in range(BINS)}


def _limit(by_class: pl.DataFrame) -> float | None:
    highest, lowest = by_class["highest_flagged"].max(), by_class["lowest_other"].min()
    if not (isinstance(highest, float) and isinstance(lowest, float) and highest <= lowest):
        return None
    return lowest


def _histogram(by_class: pl.DataFrame, name: str, top: float) -> Histogram:
    return Histogram(top, tuple(int(by_class[f"{name} {at}"].sum()) for at in range(BINS)))


def _suggested(rows: pl.LazyFrame, lists: bool) -> pl.DataFrame:
    """Count the pairs of given and suggested label among flagged labels."""
    if lists:
        return pl.DataFrame(schema=PAIRS)
    flagged = _complete(rows, OF_LABELS).filter("is_label_issue")
    pairs = flagged.select(given="label", suggested="suggested_label").filter(WRONG_PAIR)
    return _strongest(pairs.group_by("given", "suggested").len("count"))


def _strongest(pairs: pl.LazyFrame) -> pl.DataFrame:
    by, descending = ["count", "given", "suggested"], [True, False, False]
    of_each = pairs.sort(by, descending=descending).group_by("given").head(STRONGEST)
    typed = [pl.col(name).cast(kind) for name, kind in PAIRS.items()]
    return of_each.select(typed).collect(engine="streaming").sort(by, descending=descending)


def _confused(matrix: pl.DataFrame) -> pl.DataFrame:
    text = pl.col("given", "true").cast(pl.String)
    pairs = matrix.lazy().select(text, "count").rename({"true": "suggested"})
    return _strongest(pairs.filter(WRONG_PAIR))


def _verified(weighted: Weighted) -> VerifiedShare | None:
    """Give the share that the file records, if it is that of as many rows."""
    found = weighted.origin.verified
    return found if found is not None and found.rows == weighted.rows else None


def _noise(matrix: pl.DataFrame) -> float | None:
    if not matrix["count"].sum():
        return None
    right = matrix.filter(pl.col("given") == pl.col("true"))["count"].sum()
    labels = int(matrix["count"].sum())
    return (labels - int(right)) / labels


def _worst_first(classes: pl.DataFrame, matrix: pl.DataFrame | None) -> pl.DataFrame:
    if matrix is None:
        classes = classes.with_columns(wrong=pl.lit(None, pl.Float64))
    else:
        right = pl.col("count").filter(pl.col("given") == pl.col("true")).sum()
        of_class = matrix.group_by(label=pl.col("given").cast(pl.String)).agg(
            wrong=1 - right / pl.col("count").sum()
        )
        classes = classes.join(of_class, on="label", how="left").with_columns(
            pl.col("wrong").fill_null(0.0)
        )
    share = pl.col("flagged") / pl.col("judged").clip(lower_bound=1)
    return classes.sort(
        pl.coalesce("wrong", share), "flagged", "label", descending=[True, True, False]
    )
