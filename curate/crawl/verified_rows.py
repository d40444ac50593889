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
from curate.manifest.manifest import Manifest
from curate.manifest.plan import Shard
from curate.manifest.verified_labels import Asked, look_up, require_single, require_whole
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
    none of the classes; see `look_up`. Raises CurateError for a table or manifest without the
    columns, for a label that is no class, and where no row is left that names one.
    """
    key = manifest.columns.key
    if key is None:
        raise CurateError(
            f"--verified {path} names rows by their key, and {manifest.path} has no key column;"
            " name it with --key, or correct labels by `curate refine`, which takes row numbers."
        )
    keys = manifest.scan().select(exact_column(key).cast(pl.String).alias("key"))
    names = (key, "key"), ("label", manifest.columns.label)
    looked_up = look_up(Asked(path, *names, classes.names, console), keys)
    require_whole(looked_up, path, FOR_REFINE)
    found = looked_up.rows
    require_single(found, path, manifest.path)
    labels = found["labels"].list.first()
    rows = found.select("row", pl.Series("label", classes.indices(labels), pl.Int32), "drawn")
    if not len(rows):
        raise CurateError(
            f"--verified {path} has no row with a key of {manifest.path} (column '{key}') and a"
            f" label of its column '{manifest.columns.label}'; take keys and labels as they stand"
            " there."
        )
    require_a_class(rows, path)
    return rows, looked_up.skipped


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
