"""Embeddings of the crawl's captions: each distinct caption is read once, and stored by shard."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from curate.errors import CurateError
from curate.manifest.columns import exact_column
from curate.manifest.manifest import Manifest
from curate.manifest.plan import Shard
from curate.manifest.read import read_shards
from curate.relations.class_texts import TextSource
from curate.store.folders import Folders
from curate.store.run import Advance, Run
from curate.store.step import Made, Step, Task, found_or_made, ready
from curate.terminal.printable import listed

BESIDE_CAPTIONS = (
    "curate.manifest.columns",
    "curate.manifest.plan",
    "curate.relations.class_texts",
)
"""Imported here, and no caption's embedding depends on it."""
CAPTIONS = Step(
    "captions", code=(__name__, "graphs.bert"), beside=BESIDE_CAPTIONS, title="Reading captions"
)
FIRST = "first"
NO_CAPTION = -1

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class CaptionVectors:
    """The embedding of every row's caption."""

    shards: Sequence[Shard]
    store: Folders
    """A folder per shard, with the captions that no earlier row has: rows (u,), vectors (u, E)."""

    def of_rows(self, rows: NDArray[np.integer]) -> Vectors:
        """Return (n, E) unit rows of rows (n,) of the manifest; NaN without a caption."""
        firsts = self._first[rows]
        starts = [shard.first_row for shard in self.shards]
        owners = np.searchsorted(starts, firsts, side="right") - 1
        found: Vectors | None = None
        for owner in np.unique(owners[firsts != NO_CAPTION]):
            name, at = self.shards[owner].name, np.flatnonzero(owners == owner)
            places = np.searchsorted(self.store.array(name, "rows"), firsts[at])
            vectors = self.store.array(name, "vectors")
            if found is None:
                found = np.full((len(rows), vectors.shape[1]), np.nan, np.float32)
            found[at] = vectors[places]
        return np.full((len(rows), 1), np.nan, np.float32) if found is None else found

    def of_shard(self, shard: Shard) -> tuple[Vectors, NDArray[np.intp]]:
        """Return the shard's distinct captions (u, E) and which of them each row (n,) has."""
        firsts = self._first[shard.first_row : shard.first_row + shard.rows]
        _, rows, which = np.unique(firsts, return_index=True, return_inverse=True)
        return self.of_rows(shard.first_row + rows), which

    @property
    def _first(self) -> NDArray[np.int64]:
        return self.store.array(FIRST, "rows")


def caption_column(manifest: Manifest, option: str) -> str:
    """Name the caption column; raises CurateError when the manifest has none."""
    if manifest.columns.caption is None:
        raise CurateError(
            f"{option}: {manifest.path} has no caption column; name it with --caption, one"
            f" of: {listed(manifest.schema.names)}."
        )
    return manifest.columns.caption


def embed_captions(
    manifest: Manifest, shards: Sequence[Shard], run: Run, text: TextSource
) -> CaptionVectors:
    """Make or find the embeddings of the captions.

    Raises CurateError when there is no caption in any row.
    """
    column = caption_column(manifest, "--caption-agreement")
    facts = {"caption": column, "shards": [s.name for s in shards], **text.model_facts}
    kept = CAPTIONS.by_shard(run, facts)
    rows = found_or_made(kept.store, FIRST, lambda: Made({"rows": _first_rows(manifest, column)}))
    first = rows.array("rows")
    if not (first != NO_CAPTION).any():
        raise CurateError(
            f"--caption-agreement: column '{column}' of {manifest.path} is empty in every row;"
            " name another with --caption."
        )

    def tasks(missing: list[Shard], advance: Advance) -> Iterator[tuple[Shard, Task]]:
        for shard, texts in _texts(manifest, missing, column):
            rows = _new(first, shard)
            vectors = text.bert.means(texts.gather(rows - shard.first_row).to_list(), advance)
            yield ready(shard, {"rows": rows, "vectors": vectors.astype(np.float16)})

    distinct = sum(len(_new(first, shard)) for shard in kept.missing(shards))
    return CaptionVectors(shards, kept.stream(shards, tasks, distinct))


def _first_rows(manifest: Manifest, column: str) -> NDArray[np.int64]:
    """Return for each row the first row with the same caption, -1 without one: (N,).

    Captions are compared by their hashes of 64 bits: eight bytes a row in memory.
    """
    text = exact_column(column).cast(pl.String).str.strip_chars()
    hashes = (
        manifest.scan()
        .select(pl.when(text != "").then(text.hash()).alias("hash"))
        .collect(engine="streaming")["hash"]
    )
    rows = hashes.is_not_null().arg_true().to_numpy()
    _, first, which = np.unique(
        hashes.drop_nulls().to_numpy(), return_index=True, return_inverse=True
    )
    found = np.full(len(hashes), NO_CAPTION, np.int64)
    found[rows] = rows[first[which]]
    return found


def _new(first: NDArray[np.int64], shard: Shard) -> NDArray[np.int64]:
    """Return the rows of a shard, counted over the manifest, whose caption no earlier row has."""
    rows = np.arange(shard.first_row, shard.first_row + shard.rows)
    return np.asarray(rows[first[rows] == rows])


def _texts(
    manifest: Manifest, shards: Sequence[Shard], column: str
) -> Iterator[tuple[Shard, pl.Series]]:
    for shard, batches in read_shards(manifest, shards, [column]):
        texts = pl.Series(pa.chunked_array([batch.column(0) for batch in batches]))
        yield shard, texts.cast(pl.String).str.strip_chars()
