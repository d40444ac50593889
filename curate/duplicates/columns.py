"""The columns that say of each row whose copy it is."""

from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from curate.crawl.crawl import Crawl
from curate.crawl.row_keys import STEP as KEYS
from curate.crawl.row_keys import keep_keys, scan_keys
from curate.duplicates.copies import Copies
from curate.duplicates.stars import Rows
from curate.images.status import Status
from curate.manifest.plan import Shard
from curate.weighted.columns import COPY_NAMES


@dataclass(frozen=True)
class CopyColumns:
    """The copies of a crawl, and the keys of the rows that have some."""

    copies: Copies
    rows: Rows
    """(m,): the representatives, ascending."""
    keys: pa.Array
    """(m,): whole numbers where the crawl's keys are that, else text; numbers of rows without
    keys."""
    keyed: bool
    """The crawl has keys."""

    def key_of(self, representative: int) -> str | None:
        """Return the key of a row that is one; None where the crawl has no keys."""
        at = int(np.searchsorted(self.rows, representative))
        return str(self.keys[at].as_py()) if self.keyed else None

    def of_shard(self, shard: Shard, statuses: pl.Series) -> pa.Table:
        """Make the columns of `COPY_NAMES` for the rows of a shard, which have these statuses."""
        own = np.arange(shard.first_row, shard.first_row + shard.rows)
        first = self.copies.representative[own]
        places = pl.Series(np.searchsorted(self.rows, first)).set(pl.Series(first == own), None)
        sizes = pl.Series(self.copies.sizes[own]).set(statuses != Status.OK, None)
        return pa.table([self.keys.take(places.to_arrow()), sizes.to_arrow()], list(COPY_NAMES))


def copy_columns(copies: Copies, crawl: Crawl) -> CopyColumns:
    """Look the representatives' keys up."""
    rows = np.unique(copies.representative[copies.members])
    name = keep_keys(crawl)
    if name is None:
        return CopyColumns(copies, rows, pl.Series(rows).to_arrow(), keyed=False)
    store = crawl.run.step(KEYS.name, name)
    keys = scan_keys(store, crawl.shards).with_row_index("row").filter(pl.col("row").is_in(rows))
    kind = crawl.manifest.schema.field(crawl.manifest.columns.key).type
    found = keys.select("key").collect(engine="streaming")["key"].to_arrow()
    typed = found.cast(kind if pa.types.is_integer(kind) else pa.string())
    return CopyColumns(copies, rows, typed, keyed=True)
