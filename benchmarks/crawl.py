"""A crawl with its features, and with the truth, which no method is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rich.console import Console

from curate.crawl.crawl import index_crawl
from curate.crawl.stored_blocks import StoredBlocks
from curate.errors import CurateError
from curate.features.find import find_features
from curate.manifest.classes import count_classes
from curate.manifest.manifest import Manifest
from curate.manifest.open import open_manifest
from curate.options.columns import ColumnOptions
from curate.options.weight import WeightOptions
from curate.store.run import open_run

CLEAN, WRONG = "clean", "wrong"
NO_CLASS = -1


@dataclass(frozen=True)
class Crawl:
    """N samples of C classes, each class with at least one of them."""

    features: NDArray[np.float16]
    """(N, D), unit length."""
    names: tuple[str, ...]
    """(C,)"""
    labels: NDArray[np.int32]
    """(N,): the given class."""
    true: NDArray[np.int32]
    """(N,): the true class, or -1: none of them."""
    kinds: NDArray[np.str_]
    """(N,): clean, or the kind of noise."""

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Tell whose label is wrong: (N,)."""
        return np.asarray(self.labels != self.true)

    def rows(self, chosen: NDArray[np.bool_]) -> "Crawl":
        """Keep some rows, and the classes that still have any."""
        left, labels = np.unique(self.labels[chosen], return_inverse=True)
        position = np.full(len(self.names) + 1, NO_CLASS, np.int32)  # the last is that of -1
        position[left] = np.arange(len(left))
        return Crawl(
            self.features[chosen],
            tuple(self.names[c] for c in left),
            labels.astype(np.int32),
            position[self.true[chosen]],
            self.kinds[chosen],
        )


def read_crawl(
    manifest: Path, truth: Path | None, options: WeightOptions, run_dir: Path, console: Console
) -> Crawl:
    """Read a crawl through curate's own steps: manifest, features, labels; rows that have both.

    Without ``truth`` every label counts as right. Raises CurateError as `curate weight` does, and
    for a truth that lacks rows of the crawl.
    """
    with open_run(run_dir) as run:
        opened = open_manifest(manifest, ColumnOptions(), None, run.step("rows"))
        classes = count_classes(opened)
        indexed = index_crawl(opened, classes, run)
        features = find_features(options, indexed, console)
        blocks = StoredBlocks(indexed.shards, features, indexed.labels, lambda _: None)
        parts = [block for shard in indexed.shards for block in blocks.read(shard)]
        true, kinds = _read_truth(opened, truth, classes.names)
    labels = np.concatenate([part[1] for part in parts])
    crawl = Crawl(np.concatenate([part[0] for part in parts]), classes.names, labels, true, kinds)
    return crawl.rows(labels != NO_CLASS)


def _read_truth(
    manifest: Manifest, truth: Path | None, names: Sequence[str]
) -> tuple[NDArray[np.int32], NDArray[np.str_]]:
    """Look every row's key up in the truth: its class (N,) and its kind of noise (N,)."""
    label, key = manifest.columns.label, manifest.columns.key
    if truth is None:
        rows = manifest.scan().select(label=pl.col(label).cast(pl.String)).collect()
        return _positions(rows["label"], names), np.full(len(rows), CLEAN)
    if key is None:
        raise CurateError(f"{manifest.path} has no key column, so {truth} cannot be matched.")
    ours = manifest.scan().select(pl.col(key, label).cast(pl.String)).collect()
    table = pl.read_parquet(truth).rename({"key": key})
    joined = ours.join(
        table.with_columns(found=True), on=key, how="left", validate="m:1", maintain_order="left"
    )
    lost = joined["found"].null_count()
    if lost:
        raise CurateError(f"{truth} lacks {lost:,} keys of {manifest.path}; give its own truth.")
    right = pl.col("true_label") == pl.col(label)
    kind = pl.col("noise_type") if "noise_type" in table.columns else pl.lit(WRONG)
    kinds = joined.select(pl.when(right.fill_null(False)).then(pl.lit(CLEAN)).otherwise(kind))
    return _positions(joined["true_label"], names), kinds.to_series().to_numpy().astype(str)


def _positions(labels: pl.Series, names: Sequence[str]) -> NDArray[np.int32]:
    found = labels.cast(pl.String).replace_strict(
        list(names), list(range(len(names))), default=NO_CLASS, return_dtype=pl.Int32
    )
    return found.to_numpy()


def some_classes(crawl: Crawl, count: int, rng: np.random.Generator) -> Crawl:
    """Keep the rows whose given label is one of ``count`` classes, chosen at random."""
    if not 2 <= count <= len(crawl.names):
        raise CurateError(f"--classes {count}: the crawl has {len(crawl.names)}; at least 2.")
    chosen = rng.choice(len(crawl.names), count, replace=False)
    return crawl.rows(np.isin(crawl.labels, chosen))


def some_rows(crawl: Crawl, count: int, rng: np.random.Generator) -> Crawl:
    """Keep ``count`` rows, chosen at random, or all if there are fewer."""
    chosen = np.zeros(len(crawl.labels), bool)
    chosen[rng.permutation(len(chosen))[:count]] = True
    return crawl.rows(chosen)
