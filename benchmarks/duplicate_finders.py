"""What finds copies, side by side: curate, range searches of FAISS, imagededup."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.duplicates.same_picture import group_pictures
from curate.images.picture_hash import WHOLE, Hashes

REACH = 10
"""Bits in which hashes may differ; imagededup's own choice."""
COSINE = 0.9
"""Least cosine of copies' features."""
BATCH = 4_096
Found = NDArray[np.bool_]


class Drawn(NamedTuple):
    """Rows of which the last ones are copies of others."""

    hashes: Hashes
    """(n,)"""
    x: NDArray[np.float32]
    """(n, D), of unit length."""
    source: NDArray[np.int64]
    """(m,): the row that each of the last m rows is a copy of."""


def by_curate(drawn: Drawn) -> Found:
    """Tell which copies (m,) are in the group of their original."""
    of = group_pictures(drawn.hashes, lambda rows: drawn.x[rows])
    return np.asarray(of[-len(drawn.source) :] == of[drawn.source])


def by_features(drawn: Drawn) -> Found:
    """Search for all pairs of features, exactly."""
    import faiss

    index = faiss.IndexFlatIP(drawn.x.shape[1])
    index.add(drawn.x)
    return _among(drawn, (index.range_search(drawn.x[part], COSINE) for part in _parts(drawn)))


def by_hashes(drawn: Drawn) -> Found:
    """Search for all pairs of hashes, exactly."""
    import faiss

    words = np.ascontiguousarray(drawn.hashes["looks"][:, WHOLE])
    codes = words.view(np.uint8).reshape(len(words), -1)
    index = faiss.IndexBinaryFlat(8 * codes.shape[1])
    index.add(codes)
    return _among(drawn, (index.range_search(codes[part], REACH + 1) for part in _parts(drawn)))


def by_imagededup(drawn: Drawn) -> Found:
    """Let imagededup compare the same hashes; raises ImportError where it is not installed."""
    from imagededup.methods import PHash

    words = drawn.hashes["looks"][:, WHOLE]
    names = {str(row): f"{int(word):016x}" for row, word in enumerate(words)}
    found = PHash(verbose=False).find_duplicates(
        encoding_map=names, max_distance_threshold=REACH, num_dist_workers=0
    )
    first = len(words) - len(drawn.source)
    pairs = enumerate(drawn.source, first)
    return np.array([str(source) in found[str(row)] for row, source in pairs])


FINDERS: dict[str, Callable[[Drawn], Found]] = {
    "curate": by_curate,
    "FAISS, hashes, all pairs": by_hashes,
    "FAISS, features, all pairs": by_features,
}
SLOW_FINDERS = {"curate": by_curate, "imagededup, hashes": by_imagededup}


def _parts(drawn: Drawn) -> Iterator[slice]:
    rows = len(drawn.hashes)
    return (slice(start, start + BATCH) for start in range(0, rows, BATCH))


def _among(drawn: Drawn, searches: Iterator[tuple[Any, ...]]) -> Found:
    """Tell which copies' originals are among what range searches of all rows give."""
    rows = len(drawn.hashes)
    of = np.append(np.full(rows - len(drawn.source), -1), drawn.source)
    found, start = np.zeros(rows, bool), 0
    for limits, _, near in searches:
        ends = limits.astype(np.int64)
        asked = start + np.repeat(np.arange(len(ends) - 1), ends[1:] - ends[:-1])
        found[asked[of[asked] == near]] = True
        start += len(limits) - 1
    return found[rows - len(drawn.source) :]
