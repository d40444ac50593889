"""S_w: how near two classes are in a taxonomy, by their distances to shared ancestors."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from graphs.row_blocks import Blocks, row_blocks, whole

MAX_DISTANCE = 63
"""The largest distance to an ancestor: two of these, or one plus ``_APART``, fit in a byte."""
_APART = 128
_WIDE = 1 / 64
"""An ancestor of more than this share of the classes gets a row of bytes, others a short list."""

Distances = Sequence[Mapping[str, int] | None]


def path_similarity(distances: Distances) -> NDArray[np.float32]:
    """Return S (C, C), S[i, j] = 1 / (1 + the shortest path from i to j over a shared ancestor).

    ``distances[c]`` maps each ancestor of class c to the number of edges between them; c itself is
    included, at 0. Classes that share no ancestor have S = 0, and so does a class outside the
    taxonomy (None) with all others. The diagonal is 1.

    Source: S_w of SINet Eq. 3, as NLTK's ``path_similarity`` defines it. It is not computed pair by
    pair: each row is the minimum of (C,) bytes over the few ancestors of its class. Raises
    ValueError for a distance outside 0..63.
    """
    return whole(path_similarity_rows(distances), len(distances))


def path_similarity_rows(distances: Distances) -> Blocks:
    """Yield S in blocks of rows (see `path_similarity`), of which one is in memory at a time."""
    classes = len(distances)
    below = _descendants(distances)
    wide = [a for a, (who, _) in below.items() if len(who) > max(1, _WIDE * classes)]
    row_of = {ancestor: row for row, ancestor in enumerate(wide)}
    to_wide = np.full((len(wide), classes), _APART, np.uint8)
    for ancestor, row in row_of.items():
        who, steps = below[ancestor]
        to_wide[row, who] = steps
    for rows in row_blocks(classes):
        S = np.zeros((rows.stop - rows.start, classes), np.float32)
        for own, mine in zip(S, distances[rows], strict=True):
            nearest = np.full(classes, _APART, np.uint8)
            for ancestor, distance in (mine or {}).items():
                if ancestor in row_of:
                    np.minimum(nearest, to_wide[row_of[ancestor]] + np.uint8(distance), nearest)
                else:
                    who, steps = below[ancestor]
                    nearest[who] = np.minimum(nearest[who], steps + np.uint8(distance))
            own[:] = _SIMILARITY[nearest]
        S[np.arange(len(S)), np.arange(rows.start, rows.stop)] = 1.0
        yield S


def _similarity_of_each_distance() -> NDArray[np.float32]:
    similarity = 1.0 / (1.0 + np.arange(256))
    similarity[_APART:] = 0.0
    return similarity.astype(np.float32)


_SIMILARITY = _similarity_of_each_distance()


def _descendants(
    distances: Distances,
) -> dict[str, tuple[NDArray[np.intp], NDArray[np.uint8]]]:
    """Return for each ancestor the classes below it (n,) and their distances (n,)."""
    below: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for c, mine in enumerate(distances):
        for ancestor, distance in (mine or {}).items():
            if not 0 <= distance <= MAX_DISTANCE:
                raise ValueError(
                    f"Class {c} is {distance} edges away from its ancestor {ancestor!r}; "
                    f"give distances from 0 to {MAX_DISTANCE}."
                )
            below[ancestor].append((c, distance))
    found = {}
    for ancestor, pairs in below.items():
        who, steps = np.array(pairs, np.intp).T
        found[ancestor] = who, steps.astype(np.uint8)
    return found
