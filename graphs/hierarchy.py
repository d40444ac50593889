"""S_w of a user's own hierarchy, for classes that WordNet does not know: product numbers, say."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

import numpy as np
from numpy.typing import NDArray

from graphs.path_similarity import path_similarity

Parents = Mapping[str, Sequence[str]]


def hierarchy_graph(
    classes: Sequence[str], edges: Iterable[tuple[str, str | None]]
) -> NDArray[np.float32]:
    """Return S (C, C), the path similarity of every two classes: 1 / (1 + shortest path).

    ``edges`` are pairs of a child and its parent; a root has no parent (None or ''). A node may
    have several parents. Two classes without a shared ancestor have 0; a class that is in no edge
    has NaN with all classes. Raises ValueError if the edges form a circle, and if they contain none
    of the classes.
    """
    parents = _parents(edges)
    if not any(name in parents for name in classes):
        raise ValueError(
            f"none of the {len(classes):,} classes is in the hierarchy, such as {classes[0]!r}; "
            "write the classes in it as the labels are written."
        )
    _refuse_circles(parents)
    known = [name in parents for name in classes]
    S = path_similarity(
        [_distances(name, parents) if name in parents else None for name in classes]
    )
    unknown = ~np.array(known)
    S[unknown] = S[:, unknown] = np.nan
    return S


def _parents(edges: Iterable[tuple[str, str | None]]) -> dict[str, list[str]]:
    parents: dict[str, list[str]] = {}
    for child, parent in edges:
        above = parents.setdefault(child, [])
        if parent:
            above.append(parent)
            parents.setdefault(parent, [])
    return parents


def _refuse_circles(parents: Parents) -> None:
    try:
        TopologicalSorter(parents).prepare()
    except CycleError as error:
        circle = reversed(error.args[1])  # graphlib lists the parent before its child
        raise ValueError(
            f"the hierarchy goes round in a circle: {' > '.join(circle)}; "
            "take out one of these edges."
        ) from error


def _distances(name: str, parents: Parents) -> dict[str, int]:
    """Return the smallest number of edges from a node to itself (0) and to each ancestor."""
    distances = {name: 0}
    queue = deque([name])
    while queue:
        node = queue.popleft()
        for parent in parents[node]:
            if parent not in distances:
                distances[parent] = distances[node] + 1
                queue.append(parent)
    return distances
