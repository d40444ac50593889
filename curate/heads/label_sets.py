"""Which labels an image is given, by the probability of each."""

import numpy as np
from numpy.typing import NDArray

from curate.heads.task import Task
from curate.heads.verdict import Sets


def settled(
    task: Task, p: NDArray[np.float32], given: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return probabilities (n, K) to act on, and of which rows (n,) a head knows anything.

    A row of zeros knows nothing, unless images may have no label: it keeps what it is ``given``
    (n, K). With one label an image, what is known adds up to 1.
    """
    total = p.sum(axis=1, keepdims=True)
    known = (total > 0) | (task.several and task.empty)
    scaled = p if task.several else p / np.where(total > 0, total, 1)
    return np.where(known, scaled, given).astype(np.float32), known[:, 0]


def label_sets(task: Task, p: NDArray[np.float32]) -> Sets:
    """Return the labels (n, K) that probabilities (n, K) speak for: the likeliest, or several.

    A row of zeros speaks for none of the classes.
    """
    order = np.argsort(-p, axis=1, kind="stable")
    sizes = set_sizes(p, task.empty) if task.several else np.ones(len(p))
    kept = np.arange(p.shape[1]) < sizes[:, None]
    sets = np.zeros(p.shape, bool)
    np.put_along_axis(sets, order, kept, axis=1)
    sets[~p.any(axis=1)] = np.eye(1, p.shape[1], p.shape[1] - 1, bool) & task.none
    return sets


def set_sizes(p: NDArray[np.float32], empty: bool) -> NDArray[np.int64]:
    """Return how many of its likeliest labels (n,) an image with several is given.

    So many that they overlap most with the true ones, |both| / |either|, as far as p (n, K) tells:
    with S = Σ_k p_k the k likeliest share c_k = p_1 + ... + p_k labels of an expected k + S - c_k,
    and none at all, where images may be ``empty``, is right with probability Π (1 - p_k). Of a row
    of zeros none is likelier than another, and none is given. A
    threshold of 1/2 makes the fewest mistakes, but leaves many images without labels. The ratio of
    the two expectations stands for the expectation of the ratio.
    """
    each = -np.sort(-p.astype(np.float64), axis=1)
    both = each.cumsum(axis=1)
    either = np.arange(1, p.shape[1] + 1) + both[:, -1:] - both
    none = (1 - each).prod(axis=1, keepdims=True)
    if not empty:
        none = np.where(p.any(axis=1, keepdims=True), -1.0, none)
    return np.asarray(np.concatenate([none, both / either], axis=1).argmax(axis=1))
