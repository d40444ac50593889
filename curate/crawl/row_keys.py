"""The key of every row of a run, so that its rows are found again in a file that was sorted."""

from collections.abc import Sequence

import polars as pl

from curate.manifest.manifest import Manifest
from curate.manifest.plan import Shard
from curate.manifest.read import read_shards
from curate.store.code import code_of
from curate.store.fingerprint import fingerprint
from curate.store.folders import Folders
from curate.store.run import Run

STEP, KEYS = "keys", "keys"


def keep_keys(manifest: Manifest, shards: Sequence[Shard], run: Run) -> str | None:
    """Keep the keys of every shard as text; returns the name of their step, None without keys."""
    key = manifest.columns.key
    if key is None:
        return None
    name = fingerprint(code=code_of(__name__), key=key)
    store = run.step(STEP, name)
    missing = [shard for shard in shards if shard.name not in store]
    for shard, batches in read_shards(manifest, missing, [key]):
        texts = [pl.Series("key", batch.column(0)).cast(pl.String) for batch in batches]
        store.write(shard.name, {KEYS: pl.concat(texts).to_frame()}, rows=shard.rows)
    return name


def scan_keys(store: Folders, shards: Sequence[Shard]) -> pl.LazyFrame:
    """Scan the keys of all shards in order: column key."""
    files = [store.file(shard.name, f"{KEYS}.parquet") for shard in shards]
    return pl.scan_parquet(files, glob=False)
