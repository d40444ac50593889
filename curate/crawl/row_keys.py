"""The key of every row of a run, so that its rows are found again in a file that was sorted."""

from collections.abc import Iterator, Sequence

import polars as pl

from curate.crawl.crawl import Crawl
from curate.manifest.plan import Shard
from curate.manifest.read import read_shards
from curate.store.folders import Folders
from curate.store.run import Advance
from curate.store.step import Step, Task, ready

KEYS = "keys"
STEP = Step("keys", code=(__name__,))


def keep_keys(crawl: Crawl) -> str | None:
    """Keep the keys of every shard as text; returns the name of their work, None without keys."""
    key = crawl.manifest.columns.key
    if key is None:
        return None

    def tasks(missing: list[Shard], _: Advance) -> Iterator[tuple[Shard, Task]]:
        for shard, batches in read_shards(crawl.manifest, missing, [key]):
            texts = [pl.Series("key", batch.column(0)).cast(pl.String) for batch in batches]
            yield ready(shard, {KEYS: pl.concat(texts).to_frame()})

    kept = STEP.by_shard(crawl.run, {"key": key})
    kept.stream(crawl.shards, tasks)
    return kept.name


def scan_keys(store: Folders, shards: Sequence[Shard]) -> pl.LazyFrame:
    """Scan the keys of all shards in order: column key."""
    files = [store.file(shard.name, f"{KEYS}.parquet") for shard in shards]
    return pl.scan_parquet(files, glob=False)
