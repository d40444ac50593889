"""S_w of a user's own hierarchy: classes that WordNet does not know, such as product numbers."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from graphs.path_similarity import path_similarity

Parents = Mapping[str, Sequence[str]]


def hierarchy_graph(
    classes: Sequence[str], edges: Iterable[tuple[str, str | None]]
) -> NDArray[np.float32]:
    """Return S (C, C), the path similarity of every two classes: 1 / (1 + shortest path).

    ``edges`` are pairs of a child and its parent; no parent (None or '') names a root. A node may
    have several parents. Classes in trees that share no ancestor have 0; a class that is in no
    edge has NaN with all classes. Raises ValueError for edges that go round in a circle, and
    where no class is in them.
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
    """Take away nodes that nothing is below, again and again; what stays goes round."""
    below = dict.fromkeys(parents, 0)
    for above in parents.values():
        for parent in above:
            below[parent] += 1
    free = deque(node for node, count in below.items() if count == 0)
    while free:
        node = free.popleft()
        del below[node]
        for parent in parents[node]:
            below[parent] -= 1
            if below[parent] == 0:
                free.append(parent)
    if below:
        raise ValueError(
            f"the hierarchy goes round in a circle: {' > '.join(_circle(parents, set(below)))}; "
            "take out one of these edges."
        )


def _circle(parents: Parents, left: set[str]) -> list[str]:
    """Return one circle, child before parent, among the nodes that are left."""
    has_parent_left = {n: [p for p in parents[n] if p in left] for n in left}
    node = min(n for n, above in has_parent_left.items() if above)
    way: list[str] = []
    while node not in way:
        way.append(node)
        node = next(p for p in has_parent_left[node] if has_parent_left[p])
    return [*way[way.index(node) :], node]


def _distances(name: str, parents: Parents) -> dict[str, int]:
    """Return the fewest edges from a node to itself (0) and to everything above it."""
    distances = {name: 0}
    queue = deque([name])
    while queue:
        node = queue.popleft()
        for parent in parents[node]:
            if parent not in distances:
                distances[parent] = distances[node] + 1
                queue.append(parent)
    return distances
