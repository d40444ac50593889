"""S_w: how near two classes are in a taxonomy, from how far each is from its ancestors."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

MAX_DISTANCE = 63
"""The longest way to an ancestor: two of them, and one of them plus ``_APART``, fit a byte."""
_APART = 128


def path_similarity(distances: Sequence[Mapping[str, int] | None]) -> NDArray[np.float32]:
    """Return S (C, C), S[i, j] = 1 / (1 + the shortest path from i to j over a shared ancestor).

    ``distances[c]`` maps each ancestor of class c, itself included at 0, to the number of
    edges between them. Classes that share no ancestor have S = 0; so has a class that is None
    (it is not in the taxonomy) with all others. The diagonal is 1.

    Source: the S_w of SINet Eq. 3, as NLTK's ``path_similarity`` defines it. Instead of pair
    by pair, each row is the minimum over the class's few ancestors of (C,) bytes, so that time
    and memory grow as C² times a few bytes. Raises ValueError for a distance outside 0..63.
    """
    shared = _shared_ancestors(distances)
    S = np.zeros((len(distances), len(distances)), np.float32)
    to_ancestor = _distance_rows(distances, shared)
    for i, mine in enumerate(distances):
        pairs = [(shared[a], d) for a, d in (mine or {}).items() if a in shared]
        if pairs:
            rows, steps = np.array(pairs, np.intp).T
            S[i] = _SIMILARITY[(to_ancestor[rows] + steps.astype(np.uint8)[:, None]).min(axis=0)]
    np.fill_diagonal(S, 1.0)
    return S


def _similarity_of_each_distance() -> NDArray[np.float32]:
    similarity = 1.0 / (1.0 + np.arange(256))
    similarity[_APART:] = 0.0
    return similarity.astype(np.float32)


_SIMILARITY = _similarity_of_each_distance()


def _shared_ancestors(distances: Sequence[Mapping[str, int] | None]) -> dict[str, int]:
    """Give a row to each ancestor that two classes or more have: the others join nothing."""
    seen: set[str] = set()
    shared: dict[str, int] = {}
    for mine in distances:
        for ancestor in mine or ():
            if ancestor in seen:
                shared.setdefault(ancestor, len(shared))
            seen.add(ancestor)
    return shared


def _distance_rows(
    distances: Sequence[Mapping[str, int] | None], shared: Mapping[str, int]
) -> NDArray[np.uint8]:
    """Return (A, C) bytes: how far each class is from each shared ancestor, or ``_APART``."""
    rows = np.full((len(shared), len(distances)), _APART, np.uint8)
    for c, mine in enumerate(distances):
        for ancestor, distance in (mine or {}).items():
            if not 0 <= distance <= MAX_DISTANCE:
                raise ValueError(
                    f"Class {c} is {distance} edges away from its ancestor {ancestor!r}; "
                    f"give distances from 0 to {MAX_DISTANCE}."
                )
            if ancestor in shared:
                rows[shared[ancestor], c] = distance
    return rows
