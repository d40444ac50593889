"""Where the pictures of a crawl's rows lie, and what became of the processes that decode them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from curate.images.source import FileSlice, ImageSource
from curate.images.status import HEIC_WAY_OUT, Status
from curate.images.workers import DecodePool
from curate.manifest.manifest import Manifest
from curate.manifest.pictures import picture_finder
from curate.manifest.plan import Shard
from curate.manifest.read import read_shards
from curate.store.in_order import in_order
from curate.store.mirror import FILES_AT_ONCE, bring_all
from curate.store.urls import is_remote
from curate.terminal.notices import print_anyway, warn

Mask = NDArray[np.bool_]


def picture_sources(
    manifest: Manifest, wanted: Sequence[tuple[Shard, Mask]]
) -> Iterator[ImageSource | None]:
    """Say where the picture of every wanted row lies, None where there is none."""
    return brought_ahead(_sources(manifest, wanted), manifest)


def brought_ahead(
    sources: Iterable[ImageSource | None], manifest: Manifest
) -> Iterator[ImageSource | None]:
    """Give sources in order; files of a store are brought ahead, many at once."""
    if not is_remote(manifest.root):
        return iter(sources)
    return in_order((partial(_brought, source) for source in sources), FILES_AT_ONCE)


def _brought(source: ImageSource | None) -> ImageSource | None:
    if isinstance(source, FileSlice):
        bring_all([source.path])
    return source


def _sources(
    manifest: Manifest, wanted: Sequence[tuple[Shard, Mask]]
) -> Iterator[ImageSource | None]:
    columns, find = picture_finder(manifest)
    masks = {shard.name: mask for shard, mask in wanted}
    for shard, batches in read_shards(manifest, [shard for shard, _ in wanted], columns):
        at = 0
        for batch in batches:
            mask = masks[shard.name][at : at + batch.num_rows]
            yield from (source for source, want in zip(find(batch), mask, strict=True) if want)
            at += batch.num_rows


def tell_heic(statuses: Mapping[str, int], console: Console) -> None:
    """Say how many pictures, counted by status, are HEIC that nothing here reads, if any are."""
    if count := statuses.get(Status.HEIC, 0):
        warn(
            console,
            "HEIC",
            f"pictures that cannot be read: {count:,}; to read them {HEIC_WAY_OUT}, and run the"
            " same command with --retry-failed.",
        )


def tell_deaths(pool: DecodePool, console: Console) -> None:
    """Say how many decoding processes died, if any did."""
    if pool.deaths:
        print_anyway(
            console,
            f"decoding processes that were killed or crashed: {pool.deaths:,}; others decoded their"
            " pictures again; if memory is short, ask for fewer with --workers.",
        )
