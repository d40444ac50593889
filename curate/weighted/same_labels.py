"""Check that the labels of a file are those that were weighed, from which heads learn."""

import numpy as np

from curate.crawl.labels import LABELS, index_labels, stored_sets
from curate.errors import CurateError
from curate.manifest.classes import Classes
from curate.manifest.plan import plan_shards
from curate.store.folders import Folders
from curate.store.scratch import scratch_folder
from curate.store.step import KeptShards
from curate.terminal.printable import brief
from curate.weighted.weighted import Weighted
from curate.weighted.work import Work


def require_same_labels(weighted: Weighted, work: Work) -> None:
    """Raise CurateError where a row has another label than it was weighed with."""
    manifest, shards = weighted.manifest, plan_shards(weighted.manifest)
    with scratch_folder() as folder:
        scratch = KeptShards(LABELS, Folders(folder, checked=False))
        store = index_labels(manifest, shards, Classes(work.classes, ()), scratch)
        for shard in shards:
            now = stored_sets(store, shard)
            then = work.labels_of(np.arange(shard.first_row, shard.first_row + shard.rows))
            width = min(now.shape[1], then.shape[1])
            same = (now[:, :width] == then[:, :width]).all(axis=1)
            same &= (now[:, width:] < 0).all(axis=1) & (then[:, width:] < 0).all(axis=1)
            for at in np.flatnonzero(~same)[:1]:
                key = weighted.read([shard.first_row + int(at)])["key"][0]
                raise CurateError(
                    f"{weighted.path}: the row with the key '{brief(key)}' has another label than"
                    " when it was weighed; weigh it again, or give labels that you know with"
                    " --verified."
                )
