"""Choose which rows are exported, with which label and weight: one lazy frame."""

import hashlib
from collections.abc import Sequence

import numpy as np
import polars as pl

from curate.errors import CurateError
from curate.options.export import (
    ALL,
    CLASS,
    CLEAN,
    FIRST,
    FLAGGED,
    KEEP,
    MEAN,
    NONE,
    REFINED,
    SOFT,
    SUGGESTED,
    WEIGH,
    SelectOptions,
)
from curate.terminal.printable import FEW, brief
from curate.terminal.skipped import Skipped
from curate.weighted.columns import COPY_NAMES, REFINED_NAMES, SOFT_NAMES
from curate.weighted.noise_type_filter import of_noise_type
from curate.weighted.weighted import Weighted

PICTURE = pl.coalesce("duplicate_of", "key")
"""The key of the first row that shows the same picture."""
IS_FIRST = pl.col("first").is_null() | (pl.col("row") == pl.col("first"))
"""Of rows that know the first of the chosen copies of their picture."""
SURE = 0.5
"""A refined label of at least this probability counts as clean."""
OF_LABELS = ("label", "weight", "label_quality", "is_label_issue", "issue_kind", "distance",
             "consistency")  # fmt: skip
"""Columns that are lists, in the order of the labels, if an image has several."""


def select_rows(
    weighted: Weighted, options: SelectOptions, left_out: pl.Series | None = None
) -> pl.LazyFrame:
    """Choose the rows, in order: columns of `Weighted.scan`, ``given_label`` and ``split``.

    Rows whose numbers are ``left_out`` are not among them.

    ``label``, ``weight`` and ``label_quality`` are those of the exported label:

    - given: the crawl's own.
    - suggested: the suggested class where issue_kind is relabel. Its weight is its quality times
      the mean weight of the rows that are not flagged, since Eq. 6 has no distance for it.
    - refined: the label of `curate refine`.
    - soft: the given label, beside soft_labels and soft_probabilities; every row with features
      has weight 1, because the target itself says how sure it is.

    The labels of an image with several are kept or dropped one by one; suggested adds those that it
    seems to lack. Raises CurateError if a column that this needs is missing.
    """
    _check(weighted, options)
    rows, lists = _kept(weighted, options, left_out), weighted.manifest.has_label_lists
    if options.duplicates == FIRST:
        rows = _with_first(rows).filter(IS_FIRST).drop("group", "len", "first")
    elif options.duplicates == WEIGH:
        weight = pl.col("weight") / pl.col("len").fill_null(1)
        rows = _with_first(rows).with_columns(weight).drop("group", "len", "first")
    if options.sample is not None:
        rows = _sampled(rows, options.sample, options.seed)
    if options.normalize != NONE:
        rows = _normalized(rows, options, lists)
    if options.shares:
        rows = rows.with_columns(split=_part(options, weighted.names))
    return rows.with_columns(pl.col("weight").cast(_weights(weighted)))


def copies_left_out(
    weighted: Weighted, options: SelectOptions, left_out: pl.Series | None = None
) -> tuple[Skipped, ...]:
    """Count the rows that ``duplicates="first"`` leaves out of those that `select_rows` chooses."""
    if options.duplicates != FIRST:
        return ()
    copies = _with_first(_kept(weighted, options, left_out)).filter(~IS_FIRST)
    found = copies.select(pl.len().alias("count"), pl.col("key").head(FEW).implode())
    count, keys = found.collect(engine="streaming").row(0)
    what = "further copies of pictures, by --duplicates first"
    return (Skipped(what, count, tuple(map(brief, keys))),) if count else ()


def _kept(weighted: Weighted, options: SelectOptions, left_out: pl.Series | None) -> pl.LazyFrame:
    """Keep the rows that are wanted, copies among them, with the label that is exported."""
    rows = weighted.scan().with_columns(given_label=pl.col("label"))
    if left_out is not None:
        rows = rows.filter(~pl.col("row").is_in(left_out.cast(pl.get_index_type()).implode()))
    if options.noise_type is not None:
        rows = rows.filter(of_noise_type(weighted, options.noise_type))
    lists = weighted.manifest.has_label_lists
    return _lists(rows, options) if lists else _single(rows, options)


def _check(weighted: Weighted, options: SelectOptions) -> None:
    wanted, by = {
        REFINED: (REFINED_NAMES[:3], "run `curate refine` first"),
        SOFT: (SOFT_NAMES, "weigh it with --soft-labels K"),
    }.get(options.labels, (("weight",), "weigh it again"))
    for name in wanted:
        if name not in weighted.names:
            raise CurateError(
                f"--labels {options.labels}: {weighted.path} has no column"
                f" '{weighted.prefix}{name}'; {by}."
            )
    if options.duplicates != KEEP and not set(COPY_NAMES) <= set(weighted.names):
        raise CurateError(
            f"--duplicates {options.duplicates}: {weighted.path} does not say which rows are"
            " copies; weigh it again, without --no-duplicates."
        )


def _weights(weighted: Weighted) -> pl.DataType:
    return pl.List(pl.Float32()) if weighted.manifest.has_label_lists else pl.Float32()


def _single(rows: pl.LazyFrame, options: SelectOptions) -> pl.LazyFrame:
    weight, doubted = pl.col("weight"), pl.col("is_label_issue")
    if options.labels == SUGGESTED:
        other = (pl.col("issue_kind") == "relabel").fill_null(False)
        mean = _mean_of_sure(rows.select("weight", "is_label_issue"))
        rows = rows.with_columns(
            label=pl.when(other).then(pl.col("suggested_label").cast(pl.String)).otherwise("label"),
            weight=pl.when(other).then(pl.col("suggested_quality") * mean).otherwise("weight"),
            label_quality=pl.when(other).then("suggested_quality").otherwise("label_quality"),
        )
        doubted = doubted & ~other
    elif options.labels == REFINED:
        rows = rows.with_columns(
            label=pl.col("refined_label").cast(pl.String),
            weight=pl.col("refined_weight"),
            label_quality=pl.col("refined_probability"),
        )
        doubted = pl.col("refined_probability") < SURE
    elif options.labels == SOFT:
        usable = pl.col("soft_labels").is_not_null() & (pl.col("status") == "ok")
        rows = rows.with_columns(weight=usable.cast(pl.Float32))
    rows = rows.with_columns(weight.fill_null(0))
    if options.keep == FLAGGED:
        return rows.filter(doubted.fill_null(False))
    if options.keep != ALL:
        rows = rows.filter(weight > 0, pl.col("label").is_not_null())
    if options.keep == CLEAN:
        rows = rows.filter(~doubted.fill_null(True))
    if options.min_quality is not None:
        rows = rows.filter(pl.col("label_quality") >= options.min_quality)
    return rows


def _lists(rows: pl.LazyFrame, options: SelectOptions) -> pl.LazyFrame:
    if options.keep == FLAGGED:
        rows = rows.filter(pl.col("is_label_issue").list.any())
    aligned, mean = list(OF_LABELS), 1.0
    if options.labels == SUGGESTED:
        mean = _mean_of_sure(
            rows.select("weight", "is_label_issue").explode("weight", "is_label_issue")
        )
    if options.labels == REFINED:
        aligned = ["label", "weight", "label_quality"]
        rows = rows.drop("is_label_issue", "issue_kind", "distance", "consistency").with_columns(
            label=pl.col("refined_label").cast(pl.List(pl.String)),
            weight=pl.col("refined_weight"),
            label_quality=pl.col("refined_probability"),
        )
    wanted = [_where("label", pl.element().is_not_null() & (pl.element() != ""))]
    if options.min_quality is not None:
        wanted.append(_where("label_quality", pl.element() >= options.min_quality))
    if options.labels == SUGGESTED or (options.keep == CLEAN and options.labels != REFINED):
        wanted.append(_where("is_label_issue", ~pl.element()))
    elif options.keep == CLEAN:
        wanted.append(_where("label_quality", pl.element() >= SURE))
    places = pl.reduce(lambda a, b: a * b, wanted).list.eval((pl.element() == 1).arg_true())
    rows = rows.with_columns(places=places).with_columns(
        pl.col(name).list.gather(pl.col("places")) for name in aligned
    )
    rows = rows.drop("places")
    if options.labels == SUGGESTED:
        rows = _with_missing(rows, options, mean)
    if options.keep not in (ALL, FLAGGED):
        rows = rows.filter(pl.col("weight").list.max() > 0)
    return rows


def _where(column: str, holds: pl.Expr) -> pl.Expr:
    """Return 1 for the elements of a column of lists for which ``holds`` is true, else 0."""
    return pl.col(column).list.eval(holds.fill_null(False).cast(pl.Int8))


def _with_missing(rows: pl.LazyFrame, options: SelectOptions, mean: float) -> pl.LazyFrame:
    """Add the labels that images seem to lack, and drop the columns that only given labels have."""
    least = 0.0 if options.min_quality is None else options.min_quality
    places = pl.col("suggested_quality").list.eval((pl.element() >= least).arg_true())
    missing = pl.col("suggested_label").cast(pl.List(pl.String)).list.gather(places).fill_null([])
    quality = pl.col("suggested_quality").list.gather(places).fill_null([])
    return rows.with_columns(
        label=pl.concat_list("label", missing),
        weight=pl.concat_list("weight", quality.list.eval(pl.element() * mean)),
        label_quality=pl.concat_list("label_quality", quality),
    ).drop("is_label_issue", "issue_kind", "distance", "consistency")


def _mean_of_sure(rows: pl.LazyFrame) -> float:
    """Return the mean weight of labels that are not flagged, 1 where there are none."""
    sure = rows.filter(~pl.col("is_label_issue")).select(pl.col("weight").mean())
    mean = sure.collect(engine="streaming").item()
    return 1.0 if mean is None else float(mean)


def _with_first(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Add, of the chosen copies of a picture, which row is the first and how many they are."""
    group = pl.when(pl.col("duplicates") > 1).then(PICTURE)
    rows = rows.with_columns(group=group)
    groups = rows.drop_nulls("group").group_by("group").agg(pl.len(), first=pl.col("row").min())
    return rows.join(groups, on="group", how="left", maintain_order="left")


def _normalized(rows: pl.LazyFrame, options: SelectOptions, lists: bool) -> pl.LazyFrame:
    """Divide the weights by their mean, over all rows or each class; keep them where it is 0."""
    pairs = rows.select("label", "weight")
    pairs = pairs.explode("label", "weight", empty_as_null=False) if lists else pairs
    if options.normalize == MEAN:
        mean = pairs.select(pl.col("weight").mean()).collect(engine="streaming").item() or 1.0
        weight = pl.col("weight")
        return rows.with_columns(weight.list.eval(pl.element() / mean) if lists else weight / mean)
    assert options.normalize == CLASS
    means = pairs.group_by("label").agg(pl.col("weight").mean()).collect(engine="streaming")
    means = means.drop_nulls().filter(pl.col("weight") > 0)
    if lists:
        one = pl.lit(1, pl.Float32)
        by = pl.element().replace_strict(means["label"], means["weight"], default=one)
        return rows.with_columns(weight=pl.col("weight") / pl.col("label").list.eval(by))
    # A join streams, replace_strict does not.
    rows = rows.join(
        means.rename({"weight": "mean"}).lazy(), on="label", how="left", maintain_order="left"
    )
    return rows.with_columns(pl.col("weight") / pl.col("mean").fill_null(1)).drop("mean")


def _sampled(rows: pl.LazyFrame, size: int, seed: int) -> pl.LazyFrame:
    """Keep ``size`` random rows, all where there are fewer; ``drawn`` says in which order."""
    drawn = pl.col("key").map_batches(
        lambda keys: pl.Series(_points(keys, f"sample {seed}")),
        return_dtype=pl.Float64(),
        is_elementwise=True,
    )
    rows = rows.with_columns(drawn=drawn)
    first = rows.select("row", "drawn").bottom_k(size, by=["drawn", "row"])
    return rows.join(first, on="row", how="semi", maintain_order="left")


def _points(keys: pl.Series, salt: str) -> list[float]:
    """Hash keys to points of [0, 1); another salt gives others."""
    name = salt.encode()[:16]
    digests = (hashlib.blake2b(key.encode(), digest_size=8, salt=name).digest() for key in keys)
    return [int.from_bytes(digest, "little") / 2**64 for digest in digests]


def _part(options: SelectOptions, ours: Sequence[str]) -> pl.Expr:
    """Choose each row's part of the split by a hash of its picture's key and the seed alone.

    That is the row's own key, or that of the row that it is a copy of. So a row stays where it is,
    whatever rows are added and however labels are corrected, and copies are together; every class
    is divided in the same proportions, up to chance.
    """
    names = np.array(list(options.shares))
    bounds = np.cumsum(list(options.shares.values()))[:-1]

    def parts(keys: pl.Series) -> pl.Series:
        points = _points(keys, str(options.seed))
        return pl.Series(keys.name, names[np.searchsorted(bounds, points, "right")], pl.String)

    picture = PICTURE if set(COPY_NAMES) <= set(ours) else pl.col("key")
    return picture.map_batches(parts, return_dtype=pl.String(), is_elementwise=True)
