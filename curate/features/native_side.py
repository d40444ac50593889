"""How large a crawl's pictures are by themselves."""

import numpy as np

from curate.crawl.crawl import Crawl
from curate.crawl.pictures import Mask, picture_sources
from curate.features.from_pictures import BESIDE_PICTURES, pictures_facts
from curate.images.decode import shorter_side
from curate.images.preprocess import Preprocess
from curate.images.workers import DecodePool
from curate.manifest.plan import Shard
from curate.store.run import Advance
from curate.store.step import Made, Step

SIDES = Step("sides", code=(__name__,), beside=BESIDE_PICTURES)
MEASURED_SHARDS, MEASURED_ROWS = 8, 64
"""The first rows of so many shards are measured."""


def native_side(crawl: Crawl, decoders: int) -> int:
    """Find the median shorter side of some pictures; a crawl is measured once."""

    def measure(_: Advance) -> Made:
        some = crawl.shards[:: max(len(crawl.shards) // MEASURED_SHARDS, 1)]
        wanted = [(shard, _first_rows(shard)) for shard in some]
        with DecodePool(Preprocess(1), decoders, decoder=shorter_side) as pool:
            sides = [
                side
                for measured in pool.decode(picture_sources(crawl.manifest, wanted))
                for side in measured.pictures[:, 0, 0, 0]
            ]
        return Made({"side": {"median": int(np.median(sides)) if sides else 0}})

    facts = {
        "plan": [shard.name for shard in crawl.shards],
        **pictures_facts(crawl.manifest, crawl.run.folder),
    }
    kept = SIDES.once(crawl.run, facts, measure)
    return int(kept.settings("side")["median"])  # type: ignore[call-overload, no-any-return]


def _first_rows(shard: Shard) -> Mask:
    return np.arange(shard.rows) < MEASURED_ROWS
