"""Features that the user already has: clip-retrieval's folder of .npy files, or one such file."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.errors import CurateError
from curate.manifest.columns import exact_column, is_text
from curate.manifest.manifest import Manifest
from curate.manifest.tables import require_regular
from curate.manifest.unchanged import SeenFile, require_unchanged, see
from curate.store.mirror import bring, bring_all, look
from curate.terminal.printable import brief, listed

BLOCK_ROWS = 4_096
MOST_DIMENSIONS = 12_288
"""With this many a second moment (D, D) takes 1.2 GB, and three are held at a time."""


@dataclass(frozen=True)
class EmbeddingFiles:
    """Arrays (n_i, D) on disk whose rows, in order, are the manifest's rows."""

    folder: Path
    files: tuple[Path, ...]
    lengths: tuple[int, ...]
    """n_i of each file."""
    dim: int
    """D"""
    seen: tuple[SeenFile, ...] = ()

    @property
    def rows(self) -> int:
        """N."""
        return sum(self.lengths)

    def require_unchanged(self) -> None:
        """Raise CurateError if the files are no longer those that were opened."""
        require_unchanged(self.seen)

    def place(self, start: int, stop: int) -> tuple[Path, int] | None:
        """Say in which file rows [start, stop) lie and where they begin; None if in several."""
        first = 0
        for file, length in zip(self.files, self.lengths, strict=True):
            if first <= start and stop <= first + length:
                return file, start - first
            first += length
        return None

    def read(self, start: int, stop: int) -> Iterator[NDArray[np.floating[Any]]]:
        """Read rows [start, stop) as blocks (n, D), in order.

        A file is mapped anew each time, because what was read of a map stays in memory.
        """
        first = 0
        for file, length in zip(self.files, self.lengths, strict=True):
            low, high = max(start - first, 0), min(stop - first, length)
            if low < high:
                self.require_unchanged()
            array = _map(file) if low < high else None
            for at in range(low, high, BLOCK_ROWS):
                assert array is not None
                yield array[at : min(at + BLOCK_ROWS, high)]
            first += length


def open_embeddings(folder: Path) -> EmbeddingFiles:
    """Map the .npy files of ``folder/img_emb``, or of the folder itself, in numeric order.

    ``folder`` can be one .npy file too.
    """
    look(folder)
    inner = folder / "img_emb" if (folder / "img_emb").is_dir() else folder
    is_one = folder.exists() and not folder.is_dir()
    files = [folder] if is_one else sorted(inner.glob("*.npy"), key=numeric_order)
    if not files:
        raise CurateError(
            f"{folder} has no embeddings; --embeddings wants a .npy file, or a folder with"
            " img_emb/*.npy (and metadata/*.parquet), as clip-retrieval writes it."
        )
    seen = tuple(map(see, files))
    for file in files:
        require_regular(file, "--embeddings ")
    shapes = [_map(file).shape for file in files]
    widths = {width for _, width in shapes}
    require_width(max(widths), str(inner))
    if len(widths) > 1:
        raise CurateError(
            f"{inner}: the .npy files have rows of different lengths ({sorted(widths)}); keep the"
            " embeddings of one encoder in a folder."
        )
    lengths = tuple(rows for rows, _ in shapes)
    return EmbeddingFiles(folder, tuple(files), lengths, widths.pop(), seen)


def check_embeddings(embeddings: EmbeddingFiles, manifest: Manifest) -> None:
    """Check, as far as possible, that row i of the embeddings is row i of the manifest.

    Raises CurateError when the numbers of rows differ, or when the metadata beside the embeddings
    has the manifest's key column and other keys in it; without keys its image paths or captions.
    """
    if embeddings.rows != manifest.rows:
        raise CurateError(
            f"{embeddings.folder} has {embeddings.rows:,} embeddings and {manifest.path} has"
            f" {manifest.rows:,} rows; give the embeddings of exactly these rows, in their order."
        )
    tables = sorted((embeddings.folder / "metadata").glob("[!.]*.parquet"), key=numeric_order)
    if not tables:
        return
    bring_all(tables)
    metadata, columns = pl.scan_parquet(tables, glob=False), manifest.columns
    names = metadata.collect_schema().names()
    own = [name for name in (columns.image, columns.caption) if name is not None]
    texts = [name for name in own if is_text(manifest.schema.field(name).type)]
    key = next((name for name in (columns.key, *texts) if name in names), None)
    if key is None:
        return
    ours = manifest.scan().select(ours=exact_column(key).cast(pl.String))
    theirs = metadata.select(theirs=exact_column(key).cast(pl.String))
    pairs = pl.concat([ours, theirs], how="horizontal").with_row_index("row")
    different = pairs.filter(pl.col("ours").ne_missing(pl.col("theirs"))).head(1).collect()
    for row, mine, other in different.iter_rows():
        raise CurateError(
            f"{manifest.path}, row {row + 1}: {key} is '{brief(str(mine))}' where the metadata of"
            f" {embeddings.folder} has '{brief(str(other))}'; sort the manifest as the embeddings"
            " are."
        )


def numeric_order(path: Path) -> tuple[list[int], str]:
    """Sort img_emb_10 after img_emb_9."""
    return [int(number) for number in re.findall(r"\d+", path.stem)], path.name


def require_width(dimensions: int, where: str) -> None:
    """Raise CurateError for features whose second moments, (D, D) each, would fill the memory."""
    if dimensions > MOST_DIMENSIONS:
        raise CurateError(
            f"{where}: the features have {dimensions:,} dimensions, and curate takes"
            f" {MOST_DIMENSIONS:,} at most, because their covariances would fill the memory; give"
            " fewer encoders, or project the embeddings, such as on their principal components."
        )


def _map(file: Path) -> NDArray[np.floating[Any]]:
    here = bring(file)
    try:
        with np.errstate(over="ignore"), here.open("rb") as head:
            if head.read(2) == b"PK" and not is_zipfile(here):  # which NumPy leaves open
                raise ValueError("a zip file, such as .npz and .pt are, that is cut off")
            array = np.load(here, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OverflowError, TypeError, OSError) as error:
        raise CurateError(
            f"{file} is not an array that NumPy reads ({brief(str(error))}); write it with"
            " numpy.save(file, embeddings)."
        ) from error
    if not isinstance(array, np.ndarray):
        array.close()
        raise CurateError(
            f"{file} holds several arrays ({listed(array.files)}); write the embeddings alone with"
            " numpy.save('embeddings.npy', embeddings)."
        )
    # NumPy multiplies the lengths in 64 bits, where they may wrap around.
    if math.prod(array.shape) * array.itemsize > file.stat().st_size:
        raise CurateError(f"{file} is shorter than its shape {array.shape}; write it again.")
    if array.ndim != 2 or not array.shape[1] or not np.issubdtype(array.dtype, np.floating):
        raise CurateError(
            f"{file} holds {array.dtype} of shape {array.shape}; embeddings are floating-point"
            " numbers of shape (rows, dimensions)."
        )
    return array
