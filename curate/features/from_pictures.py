"""What the steps that read a crawl's pictures share: facts, code, and rows that are read again."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from curate.crawl.picture_states import Mask, States, changed_rows
from curate.images.status import Status
from curate.manifest.manifest import Manifest
from curate.manifest.pictures import has_paths
from curate.manifest.plan import Shard
from curate.store.folders import Folders
from curate.store.urls import path_from

BESIDE_PICTURES = (
    "curate.crawl.external_features", "curate.encoders", "curate.manifest.classes",
    "curate.manifest.columns", "curate.manifest.manifest", "curate.manifest.plan",
    "curate.manifest.tables", "curate.options", "prototypes",
)  # fmt: skip
"""What the steps from a row to its decoded picture import, and is not part of them.

Encoding can take days, so that a change in these does not ask for it; encoders name their own code.
"""


def rows_again(
    shards: Sequence[Shard],
    store: Folders,
    files: Mapping[str, States],
    retry_failed: bool,
    console: Console,
) -> list[tuple[Shard, Mask]]:
    """List finished shards with rows to be read again: changed files, and failed rows if asked."""
    changed = changed_rows(shards, store, files, console)
    failed = failed_rows(shards, store) if retry_failed else []
    masks: dict[Shard, Mask] = {}
    for shard, mask in (*changed, *failed):
        masks[shard] = mask | masks.get(shard, np.zeros_like(mask))
    return [(shard, masks[shard]) for shard in shards if shard in masks]


def failed_rows(shards: Sequence[Shard], store: Folders) -> list[tuple[Shard, Mask]]:
    """List finished shards with rows that have no features, and which rows those are."""
    failed = []
    for shard in shards:
        if shard.name in store:
            mask = (store.table(shard.name, "rows")["status"] != Status.OK).to_numpy()
            if mask.any():
                failed.append((shard, mask))
    return failed


def pictures_facts(manifest: Manifest, run: Path) -> dict[str, object]:
    """Tell where a crawl's pictures come from: others, other features.

    Where paths start is told from the run folder on: both can be moved together.
    """
    root = path_from(run.resolve(), manifest.root.resolve()) if has_paths(manifest) else None
    return {"image": manifest.columns.image, "root": root}
