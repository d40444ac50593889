"""Choose samples of a weighted manifest: which rows, in what order, how many."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

import polars as pl

from curate.crawl.labels import MOST_LABELS
from curate.errors import CurateError
from curate.images.status import Status
from curate.inspect.asked_class import find_class
from curate.inspect.overview import OF_LABELS, UNSHARED
from curate.weighted.noise_type_filter import of_noise_type, require_noise_types
from curate.weighted.weighted import Weighted
from prototypes.score.quality import ISSUE_KINDS

SORTS = {
    "quality": pl.col("label_quality"),
    "weight": pl.col("weight"),
    "distance": -pl.col("distance"),
    "noise": pl.col("noise_free"),
    "random": pl.col("row").hash(seed=0),
}
"""In ascending order. The random order is the same every time."""
ORDER = ["order", "label_quality", "row"]
NUMBERS_OF_LABELS = (*OF_LABELS, "distance", "consistency")


@dataclass(frozen=True)
class Selection:
    """Which samples are wanted; None: any. Raises CurateError as it is made."""

    label: str | None = None
    suggested: str | None = None
    kind: str | None = None
    status: str | None = None
    sort: str = "quality"
    limit: int = 12
    noise_type: str | None = None

    def __post_init__(self) -> None:
        kinds = [kind for kind in ISSUE_KINDS if kind]
        for option, value, words in (
            ("--sort", self.sort, list(SORTS)),
            ("--kind", self.kind, kinds),
            ("--status", self.status, [str(status) for status in Status]),
        ):
            if value is not None and value not in words:
                raise CurateError(f"{option} {value}: it must be one of {', '.join(words)}.")

    @property
    def filters(self) -> dict[str, str]:
        """The options that leave rows out, as the user wrote them."""
        named = {
            "--class": self.label,
            "--suggested": self.suggested,
            "--kind": self.kind,
            "--status": self.status,
            "--noise-type": self.noise_type,
        }
        return {option: value for option, value in named.items() if value is not None}


@dataclass(frozen=True)
class Selected:
    """The first of all samples that match, in order."""

    samples: pl.DataFrame
    """As `Weighted.scan` gives them; of a list of labels only the one that matches, and its values.
    Each row comes once."""
    found: int
    """How many match: samples, or labels where images have lists of them."""


def select(weighted: Weighted, wanted: Selection) -> Selected:
    """Find samples in a manifest of any size; only columns to filter and sort by are read whole.

    Raises CurateError if no row matches.
    """
    wanted = replace(
        wanted,
        label=find_class(weighted, "--class", wanted.label),
        suggested=find_class(weighted, "--suggested", wanted.suggested),
    )
    key = SORTS[wanted.sort]
    column = next(iter(key.meta.root_names()))
    _require(weighted, wanted, column)
    rows = _matching(weighted, wanted, column).with_columns(key.alias("order"))
    if wanted.status in (None, Status.OK):
        rows = rows.filter(pl.col("label_quality").is_not_null(), pl.col("order").is_not_null())
    labels_of_one = MOST_LABELS if weighted.manifest.has_label_lists else 1
    most = min(wanted.limit * labels_of_one, weighted.rows * labels_of_one)
    first, count = pl.collect_all(
        [
            rows.select("place", *ORDER).bottom_k(most, by=ORDER),
            rows.select(pl.len()),
        ],
        engine="streaming",
        optimizations=UNSHARED,
    )
    if len(first) == 0 and wanted.filters:
        raise CurateError(_none(weighted, wanted))
    first = first.sort(ORDER, nulls_last=True).unique("row", maintain_order=True)
    first = first.head(wanted.limit)
    samples = weighted.read(first["row"].to_list())
    if weighted.manifest.has_label_lists:
        samples = _at_place(samples, first["place"])
    return Selected(samples, int(count.item()))


def of_label(weighted: Weighted, rows: Sequence[int], label: str) -> pl.DataFrame:
    """Read some rows that have this label; of a list of labels only this one, with its values."""
    samples = weighted.read(rows)
    if not weighted.manifest.has_label_lists:
        return samples
    is_it = pl.element().eq_missing(label).cast(pl.Int8)
    return _at_place(
        samples, samples.select(pl.col("label").list.eval(is_it).list.arg_max())["label"]
    )


def find_key(weighted: Weighted, key: str) -> int:
    """Return the row that has this key; raises CurateError if none has."""
    rows = weighted.scan().filter(pl.col("key") == key).select("row").head(1)
    found = rows.collect(engine="streaming")
    if len(found) == 0:
        raise CurateError(
            f"{weighted.path} has no row with the key '{key}'; keys are in column"
            f" '{weighted.manifest.columns.key or 'row'}'."
        )
    return int(found.item())


def _require(weighted: Weighted, wanted: Selection, column: str) -> None:
    """Raise CurateError for an option whose column is not in the file."""
    names = weighted.names
    if wanted.sort == "noise":
        require_noise_types(weighted, "--sort noise")
    for option, name, asked in (
        (f"--sort {wanted.sort}", column, column != "row"),
        ("--suggested", "suggested_label", wanted.suggested is not None),
        ("--kind", "issue_kind", wanted.kind is not None),
        ("--status", "status", wanted.status is not None),
    ):
        if asked and name not in names:
            raise CurateError(
                f"{weighted.path} has no column '{weighted.prefix}{name}', which {option} needs;"
                " give the file as `curate weight` wrote it."
            )


def _matching(weighted: Weighted, wanted: Selection, column: str) -> pl.LazyFrame:
    """Scan a row for every label that matches, with its place in the image's list, or null."""
    lists, kept = weighted.manifest.has_label_lists, {"label", "label_quality", column}
    rows, text = weighted.scan(), pl.String()
    if wanted.status is not None:
        rows = rows.filter(pl.col("status") == wanted.status)
    if wanted.noise_type is not None:
        rows = rows.filter(of_noise_type(weighted, wanted.noise_type))
    if wanted.suggested is not None:
        suggested = pl.col("suggested_label").cast(pl.List(text) if lists else text)
        is_it = (
            suggested.list.contains(wanted.suggested) if lists else suggested == wanted.suggested
        )
        rows = rows.filter(is_it)
    if wanted.kind is not None:
        kept.add("issue_kind")
    kept -= {"row"}
    rows = rows.select("row", *kept)
    if lists:
        place = pl.int_ranges(pl.col("label").list.len())
        rows = rows.with_columns(place.alias("place")).filter(pl.col("label").list.len() > 0)
        rows = rows.explode("place", *kept)
    else:
        rows = rows.with_columns(place=pl.lit(None, pl.Int64))
    if wanted.label is not None:
        rows = rows.filter(pl.col("label") == wanted.label)
    return rows if wanted.kind is None else rows.filter(pl.col("issue_kind") == wanted.kind)


def _at_place(samples: pl.DataFrame, places: pl.Series) -> pl.DataFrame:
    columns = [name for name in ("label", *NUMBERS_OF_LABELS) if name in samples.columns]
    at = pl.lit(places.cast(pl.Int64))
    return samples.with_columns(pl.col(name).list.get(at, null_on_oob=True) for name in columns)


def _none(weighted: Weighted, wanted: Selection) -> str:
    """Say that no row matches, and name a class that is spelled alike."""
    asked = " ".join(f"{option} '{value}'" for option, value in wanted.filters.items())
    judged = "" if wanted.status else "judged "
    sentence = f"{weighted.path} has no {judged}row with {asked}"
    labels = weighted.manifest.scan_labels().select("label").unique().collect(engine="streaming")
    names = labels["label"].drop_nulls().to_list()
    for asked_for in (wanted.label, wanted.suggested):
        if asked_for is not None and asked_for not in names:
            alike = get_close_matches(asked_for, names, 1)
            return f"{sentence}; no label is '{asked_for}'" + (
                f": did you mean '{alike[0]}'?" if alike else "; name another one."
            )
    return f"{sentence}; leave one of these options out."
