"""Rows of a crawl that are copies of the rows of another manifest, such as a validation set."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
from rich.console import Console

from curate.crawl.crawl import Crawl, index_crawl
from curate.crawl.stored_features import StoredFeatures
from curate.duplicates.across import Across, Side, copies_across
from curate.duplicates.copies import load_copies
from curate.duplicates.stars import Rows
from curate.encoders.spec import split_encoders
from curate.errors import CurateError
from curate.features.find import find_features
from curate.manifest.classes import count_classes
from curate.manifest.columns import exact_column
from curate.manifest.open import open_manifest
from curate.options.weight import WeightOptions
from curate.store.engine import Engine
from curate.store.run import Run, default_folder, open_run
from curate.terminal.notices import warn
from curate.terminal.progress import progress_bar
from curate.training.spec import is_self
from curate.weighted.weighted import Weighted
from curate.weighted.work import Work

EMBEDDINGS = "embeddings"
"""What a run calls its encoder where it took features from the user."""


@dataclass(frozen=True)
class Against:
    """What the other manifest has too."""

    rows: pl.DataFrame
    """Row and key of the rows that are copies, in order, and ``against``: the other manifest's key
    of the row, or else its number."""
    unread: int
    """Rows of the other manifest that have no features."""


def rows_against(
    weighted: Weighted, options: WeightOptions, out: Path, engine: Engine, console: Console
) -> Against:
    """Find the rows that are copies of rows of ``options.manifest``, or of their copies.

    That manifest's pictures are encoded as the crawl's were, and what is made of them is kept in a
    run folder of its own. Raises CurateError where the crawl's features are gone, or cannot be made
    of other pictures.
    """
    work, path = weighted.work(), options.manifest
    own, options = _comparable(work, options)
    folder = options.run_dir or default_folder(path, out)
    with open_run(folder, partial(progress_bar, console), engine) as run:
        manifest = open_manifest(path, options.columns, options.root, run.step("rows"))
        if options.encoder is None and manifest.columns.embedding is None:
            raise CurateError(
                f"--against {path} has no column 'embedding', and the crawl was weighed by features"
                " that came with it; add those of the same encoder."
            )
        crawl = index_crawl(manifest, count_classes(manifest), run)
        other = Side(crawl.shards, find_features(options, crawl, console))
        if other.width != own.width:
            raise CurateError(
                f"--against {path} has {other.width:,} features a row, and the crawl has"
                f" {own.width:,}; both must be of the same encoder."
            )
        found = _with_their_copies(copies_across(own, other), weighted)
        return Against(_listed(found, work, weighted, crawl), crawl.rows - len(other.known))


def say_unread(path: Path, unread: int, console: Console) -> None:
    """Say how many rows are compared with none."""
    if unread:
        warn(
            console,
            f"--against {path}",
            f"rows without a picture that can be read, which are compared with none: {unread:,}.",
        )


def _comparable(work: Work, options: WeightOptions) -> tuple[Side, WeightOptions]:
    """Choose the features that can be made of other pictures too, and how."""
    if work.encoder == EMBEDDINGS:
        return Side(work.shards, work.features), options
    specs = split_encoders(work.encoder)
    places = [place for place, spec in enumerate(specs) if not is_self(spec)]
    if not places:
        raise CurateError(
            f"--against {options.manifest}: the crawl was weighed by --encoder {work.encoder}"
            " alone, a network that was trained on it; weigh it by another encoder too."
        )
    features = StoredFeatures(tuple(work.features.parts[place] for place in places))
    encoder = "+".join(specs[place] for place in places)
    return Side(work.shards, features), WeightOptions(
        options.manifest, encoder=encoder, run_dir=options.run_dir, image=options.image,
        label=options.label, root=options.root, device=options.device,
    )  # fmt: skip


def _with_their_copies(found: Across, weighted: Weighted) -> Across:
    """Add the rows that `curate weight` took for copies of these."""
    names = weighted.names_of_work
    if names is None or names.copies is None or weighted.run is None or not len(found.rows):
        return found
    group = load_copies(Run(weighted.run), names.copies).representative
    groups, at = np.unique(group[found.rows], return_index=True)
    more = np.setdiff1d(np.flatnonzero(np.isin(group, groups)), found.rows)
    of = found.of[at[np.searchsorted(groups, group[more])]]
    rows = np.append(found.rows, more)
    order = np.argsort(rows)
    return Across(rows[order], np.append(found.of, of)[order])


def _listed(found: Across, work: Work, weighted: Weighted, other: Crawl) -> pl.DataFrame:
    """Name the rows, as far as the file has them, and what they are copies of."""
    at = work.file_rows[found.rows]
    pairs = pl.DataFrame({"row": at[at >= 0], "of": found.of[at >= 0]}).sort("row")
    keys = weighted.read(pairs["row"].to_list())["key"].cast(pl.String)
    of_other = _keys(other, pairs["of"].to_numpy())
    return pairs.select("row", key=keys, against=of_other)


def _keys(crawl: Crawl, rows: Rows) -> pl.Series:
    column = crawl.manifest.columns.key
    if column is None:
        return pl.Series(rows).cast(pl.String)
    keys = crawl.manifest.scan().select(exact_column(column).cast(pl.String)).collect()
    return keys.to_series()[rows]
