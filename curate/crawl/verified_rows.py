"""Labels that a person has verified, from a table of keys and labels, taken apart from the rest."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
from rich.console import Console

from curate.crawl.crawl import Crawl
from curate.crawl.stored_features import StoredFeatures
from curate.errors import CurateError
from curate.manifest.classes import NO_CLASS, Classes
from curate.manifest.columns import exact_column
from curate.manifest.label_studio import read_answers
from curate.manifest.manifest import Manifest
from curate.manifest.numbered_rows import require_row_numbers
from curate.manifest.plan import Shard
from curate.manifest.verified_labels import READ, Asked, look_up, require_single, require_whole
from curate.store.folders import Folders
from curate.store.step import Made, Step
from curate.terminal.notices import warn
from curate.terminal.printable import brief
from curate.terminal.skipped import Skipped

FOR_REFINE = (
    "and prototypes are made from images whose label is known; give it to `curate refine`, or write"
    " columns key and label"
)


@dataclass(frozen=True)
class LabelParts:
    """Positions of labels by shards, `labels` (n,) each; -1 where a row has none of that kind."""

    given: Folders
    """As the manifest has them."""
    crowd: Folders
    """Those of the rows that nobody has verified."""
    verified: Folders | None = None
    """Those that a person has verified; None without --verified."""

    @classmethod
    def of_given(cls, given: Folders) -> "LabelParts":
        """Take every label as given, as if nobody had verified any."""
        return cls(given, given)

    @property
    def fitted(self) -> list[Folders]:
        """What prototypes are made from."""
        return [self.crowd] if self.verified is None else [self.crowd, self.verified]


def read_verified(
    path: Path, manifest: Manifest, classes: Classes, console: Console
) -> tuple[pl.DataFrame, tuple[Skipped, ...]]:
    """Look the verified rows up: row (of the manifest, ascending), label (position or -1), drawn.

    ``drawn`` is as in `how_drawn`. Returns also what of the table names no row. An empty label is
    none of the classes. A manifest without a key column has its rows' numbers, from 0, for keys.
    Raises CurateError as `look_up` does, and where no row is left that names one.
    """
    key, label = manifest.columns.key, manifest.columns.label
    if key is None:
        require_row_numbers(path, read_answers(path, "--verified", READ)[0].columns, manifest.path)
    names = ("row", "key") if key is None else (key, "key")
    asked = Asked(path, names, ("label", label), classes.names, console, numbered=key is None)
    looked_up = look_up(asked, _keys(manifest))
    require_whole(looked_up, path, FOR_REFINE)
    found = looked_up.rows
    require_single(found, path, manifest.path)
    labels = found["labels"].list.first()
    rows = found.select("row", pl.Series("label", classes.indices(labels), pl.Int32), "drawn")
    if not len(rows):
        of = "the number, from 0, of a row" if key is None else f"a key (column '{key}')"
        raise CurateError(
            f"--verified {path} has no row with {of} of {manifest.path} and a label of its column"
            f" '{label}'; take both as they stand there."
        )
    require_a_class(rows, path)
    return rows, looked_up.skipped


def _keys(manifest: Manifest) -> pl.LazyFrame:
    """Give what `look_up` finds rows by."""
    rows = manifest.scan()
    if (key := manifest.columns.key) is not None:
        return rows.select(exact_column(key).cast(pl.String).alias("key"))
    label = manifest.label_texts(exact_column(manifest.columns.label))
    if manifest.has_label_lists:
        label = manifest.label_lists
    numbered = rows.select(label=label).with_row_index("key")
    return numbered.select(pl.col("key").cast(pl.String), "label")


def require_a_class(rows: pl.DataFrame, path: Path) -> None:
    """Raise CurateError if every verified label (position or -1) is none of the classes."""
    if not (rows["label"] != NO_CLASS).any():
        raise CurateError(
            f"--verified {path}: all rows that count show none of the classes, and prototypes are"
            " made from images whose class is known; verify some of these too, or weigh without"
            " --verified and give the table to `curate inspect --verified`."
        )


PARTS = Step("labels", code=(__name__,))


def take_apart(rows: pl.DataFrame | None, crawl: Crawl) -> LabelParts:
    """Split the given labels into those of rows that are verified and those of the others.

    ``rows`` are as `read_verified` gives them; None where nothing is verified.
    """
    given = crawl.labels
    if rows is None:
        return LabelParts.of_given(given)
    at, labels = rows["row"].to_numpy(), rows["label"].to_numpy()

    def part(shard: Shard, own: bool) -> Made:
        here = shard.among(at)
        inside, found = at[here] - shard.first_row, np.array(given.array(shard.name, "labels"))
        if own:
            found = np.full_like(found, NO_CLASS)
        found[inside] = labels[here] if own else NO_CLASS
        return Made({"labels": found})

    facts = {"given": given.root.name, "row": at.tolist(), "label": labels.tolist()}
    crowd, verified = (
        PARTS.by_shard(crawl.run, {"part": name, **facts}).make(
            crawl.shards, partial(part, own=name == "verified")
        )
        for name in ("crowd", "verified")
    )
    return LabelParts(given, crowd, verified)


def say_unverified(
    parts: LabelParts, crawl: Crawl, features: StoredFeatures, console: Console
) -> None:
    """Say of how many classes no image with features is verified."""
    assert parts.verified is not None
    names = crawl.classes.names
    counts = np.zeros(len(names), np.int64)
    for shard in crawl.shards:
        labels = parts.verified.array(shard.name, "labels")
        has_features = features.has_features(shard.name)
        counts += np.bincount(labels[has_features & (labels >= 0)], minlength=len(counts))
    bare = np.flatnonzero(counts == 0)
    if len(bare):
        warn(
            console,
            "Without a verified image",
            f"{len(bare):,} of {len(counts):,} classes, such as"
            f" '{brief(names[bare[0]])}'; their prototypes come from the labels of the"
            " crawl.",
        )
