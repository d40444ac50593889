"""Rows of a crawl that are copies of the rows of another manifest, such as a validation set."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
from rich.console import Console

from curate.crawl.crawl import unlabelled_crawl
from curate.crawl.stored_features import StoredFeatures
from curate.duplicates.across import Across, Side, copies_across
from curate.duplicates.copies import load_copies
from curate.duplicates.stars import Rows
from curate.encoders.spec import split_encoders
from curate.errors import CurateError
from curate.features.find import chosen_encoders, find_features
from curate.manifest.columns import KNOWN_NAMES, exact_column
from curate.manifest.manifest import Manifest
from curate.manifest.open import open_manifest, require_exists
from curate.manifest.tables import TEXT
from curate.manifest.text_files import ending_of
from curate.manifest.tried_path import tried_path
from curate.options.columns import PictureColumns
from curate.options.weight import WeightOptions
from curate.store.engine import Engine
from curate.store.folders import Folders
from curate.store.run import Run, default_folder, open_run
from curate.terminal.notices import warn
from curate.terminal.printable import listed
from curate.terminal.progress import progress_bar
from curate.terminal.skipped import Skipped
from curate.training.spec import is_self
from curate.weighted.weighted import Weighted
from curate.weighted.work import Work

EMBEDDINGS = "embeddings"
"""What a run calls its encoder where it took features from the user."""
NOTHING = Across(np.empty(0, np.int64), np.empty(0, np.int64))


@dataclass(frozen=True)
class Against:
    """What the other manifest has too."""

    rows: pl.DataFrame
    """Row and key of the rows that are copies, in order, and ``against``: the other manifest's key
    of the row, or else its number."""
    of: int = 0
    """Rows of the other manifest."""
    unread: int = 0
    """Those of them that have no features."""
    skipped: tuple[Skipped, ...] = ()
    """What in the other manifest's files is in no row."""


def rows_against(
    weighted: Weighted, options: WeightOptions, out: Path, engine: Engine, console: Console
) -> Against:
    """Find the rows that are copies of rows of ``options.manifest``, or of their copies.

    That manifest needs no labels, and may be empty. Its pictures are encoded as the crawl's were,
    and what is made of them is kept in a run folder of its own. Raises CurateError where the
    crawl's features are gone, or cannot be made of other pictures, or none of its rows has any.
    """
    work, path = weighted.work(), options.manifest
    own, options = _comparable(work, options)
    with _about(path):
        require_exists(path)
    if _holds_nothing(path):
        return Against(_listed(NOTHING, work, weighted))
    folder = options.run_dir or default_folder(path, out)
    with open_run(folder, partial(progress_bar, console), engine) as run:
        with _about(path):
            manifest = _opened(options, run.step("rows"))
        if not manifest.rows:
            return Against(_listed(NOTHING, work, weighted), skipped=manifest.skipped)
        if options.encoder is None and chosen_encoders(options, manifest):
            raise CurateError(
                f"--against {path} has no column 'embedding', and the crawl was weighed by features"
                " that came with it; add those of the same encoder."
            )
        if options.encoder is not None:
            _require_pictures(manifest, path)
        crawl = unlabelled_crawl(manifest, run)
        with _about(path):
            other = Side(crawl.shards, find_features(options, crawl, console))
        if not len(other.known):
            raise CurateError(_nothing_read(manifest, path, options))
        if other.width != own.width:
            raise CurateError(
                f"--against {path} has {other.width:,} features a row, and the crawl has"
                f" {own.width:,}; both must be of the same encoder."
            )
        found = _with_their_copies(copies_across(own, other), weighted)
        listed = _listed(found, work, weighted, manifest)
        return Against(listed, crawl.rows, crawl.rows - len(other.known), manifest.skipped)


def _require_pictures(manifest: Manifest, path: Path) -> None:
    """Raise CurateError where no column has pictures; URLs are named elsewhere."""
    names = manifest.schema.names
    if manifest.columns.image is None and not set(KNOWN_NAMES["url"]) & set(names):
        raise CurateError(
            f"--against {path} has no image column, and the crawl is compared by its pictures; its"
            f" columns are: {listed(names)}; rename the one that holds them to 'image'."
        )


def _nothing_read(manifest: Manifest, path: Path, options: WeightOptions) -> str:
    """Say why there is nothing to compare with."""
    if options.encoder is None:
        return (
            f"--against {path}: no row of {manifest.rows:,} has features to compare with: those of"
            " zeros or with NaN or infinity in them count for none; give others."
        )
    return (
        f"--against {path}: no row of {manifest.rows:,} has a picture that can be read, so that"
        f" nothing can be compared; {tried_path(manifest)}mend the pictures (paths start from its"
        " folder)."
    )


def say_uncompared(path: Path, against: Against, console: Console) -> None:
    """Say what of the other manifest is compared with no row."""
    said = [f"passed over: {each}." for each in against.skipped]
    if not against.of:
        said.append("it has no rows, and so no row is left out.")
    if against.unread:
        what = "rows without a picture that can be read, which are compared with none"
        said.append(f"{what}: {against.unread:,}.")
    for each in said:
        warn(console, f"--against {path}", each)


@contextmanager
def _about(path: Path) -> Iterator[None]:
    """Let errors that begin with the path say by which option it was named."""
    try:
        yield
    except CurateError as error:
        named = str(error).startswith(str(path))
        raise CurateError(
            f"--against {error}" if named else f"--against {path}: {error}"
        ) from error


def _holds_nothing(path: Path) -> bool:
    """Tell whether it is a table of no bytes, as JSON lines of no rows are."""
    return path.is_file() and ending_of(path) in TEXT and not path.stat().st_size


def _opened(options: WeightOptions, frozen: Folders) -> Manifest:
    """Open it as it is weighed, so that features which that has made are found; or else unlabelled.

    Raises CurateError for what no option of labels can mend.
    """
    try:
        return open_manifest(options.manifest, options.columns, options.root, frozen)
    except CurateError:
        columns = PictureColumns(image=options.image)
        return open_manifest(options.manifest, columns, options.root, frozen)


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


def _listed(
    found: Across, work: Work, weighted: Weighted, other: Manifest | None = None
) -> pl.DataFrame:
    """Name the rows, as far as the file has them, and what they are copies of."""
    at = work.file_rows[found.rows]
    pairs = pl.DataFrame({"row": at[at >= 0], "of": found.of[at >= 0]}).sort("row")
    keys = weighted.read(pairs["row"].to_list())["key"].cast(pl.String)
    of_other = _keys(other, pairs["of"].to_numpy())
    return pairs.select("row", key=keys, against=of_other)


def _keys(manifest: Manifest | None, rows: Rows) -> pl.Series:
    """Name rows by their keys, and those without one by their numbers."""
    numbers = pl.Series(rows).cast(pl.String)
    if manifest is None or manifest.columns.key is None:
        return numbers
    keys = manifest.scan().select(exact_column(manifest.columns.key).cast(pl.String)).collect()
    found = keys.to_series()[rows]
    return found.zip_with(found.is_not_null(), numbers)
