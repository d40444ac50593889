"""How well each sense of an ambiguous class fits the other classes, by the words they share."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

FIT_WEIGHT = 10.0
"""Added to the log prior of a sense that fits perfectly (cosine 1)."""
NEIGHBOURS = 3
"""Number of nearest classes that a sense has to fit: most classes of a large set tell nothing."""
ROUNDS = 2
"""In the second round, the senses of the other classes are weighted by the first round's scores."""
BACKGROUND = 10_000
"""Imaginary extra classes, so that a word shared by three classes of a small set is still rare."""
COMMON = 0.1
"""A word that more than this share of classes has is ignored, which also keeps products sparse."""
_TILE = 1024


def sense_scores(
    features: Sequence[Sequence[str]], owner: NDArray[np.intp], prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the score (M,) of each of M senses: log prior + 10 · fit; the highest wins.

    ``features[m]`` are the distinct words of sense m, ``owner[m]`` (M,) is its class, and
    ``prior[m]`` (M,) > 0 its probability before the other classes are known; these sum to 1 over a
    class. The fit is the mean cosine between the tf-idf vector of the sense and those of the 3
    nearest other classes. The vector of a class is the mean over its senses, weighted by their
    probabilities.

    Source: Lesk 1986, simplified: the overlap of glosses, here between the classes of a data set.
    """
    score: NDArray[np.float64] = np.log(prior)
    open_senses = np.flatnonzero(prior < 1.0)
    if open_senses.size == 0:
        return score
    X = _tfidf(features, owner)
    posterior = prior
    for _ in range(ROUNDS):
        classes = _by_class(owner, posterior) @ X
        fit = _fit(X[open_senses], owner[open_senses], classes.T.tocsr())
        score[open_senses] = np.log(prior[open_senses]) + FIT_WEIGHT * fit
        posterior = _softmax_by_class(score, owner)
    return score


def _tfidf(features: Sequence[Sequence[str]], owner: NDArray[np.intp]) -> sparse.csr_array:
    """Return unit rows (M, V); the weight of a word is log(COMMON / its share of the classes)."""
    vocabulary: dict[str, int] = {}
    columns = [vocabulary.setdefault(word, len(vocabulary)) for row in features for word in row]
    starts = np.concatenate([[0], np.cumsum([len(row) for row in features])])
    X = sparse.csr_array(
        (np.ones(len(columns), np.float32), np.array(columns, np.int64), starts),
        shape=(len(features), len(vocabulary)),
    )
    n_classes = int(owner.max()) + 1
    in_classes = (_by_class(owner, np.ones(len(owner))) @ X).minimum(1.0).sum(axis=0)
    rarity = np.log(COMMON * (n_classes + BACKGROUND) / in_classes)
    X = X @ sparse.diags_array(np.maximum(rarity, 0.0))
    X.eliminate_zeros()
    length = np.sqrt(np.asarray(X.multiply(X).sum(axis=1)).ravel())
    return (sparse.diags_array(1.0 / np.maximum(length, 1e-9)) @ X).tocsr()


def _by_class(owner: NDArray[np.intp], weight: NDArray[np.float64]) -> sparse.csr_array:
    """Return the weight of each sense in its class: (C, M)."""
    senses = np.arange(len(owner))
    return sparse.csr_array((weight, (owner, senses)), shape=(int(owner.max()) + 1, len(owner)))


def _fit(
    X: sparse.csr_array, owner: NDArray[np.intp], classes: sparse.csr_array
) -> NDArray[np.float64]:
    """Return (M,): the mean cosine of X (M, V) to the nearest classes (V, C), without its own."""
    nearest = min(NEIGHBOURS, classes.shape[1] - 1)
    fit = np.zeros(X.shape[0])
    for start in range(0, X.shape[0] if nearest else 0, _TILE):
        cosines = (X[start : start + _TILE] @ classes).toarray()
        cosines[np.arange(len(cosines)), owner[start : start + _TILE]] = 0.0
        fit[start : start + _TILE] = np.partition(cosines, -nearest)[:, -nearest:].mean(axis=1)
    return fit


def _softmax_by_class(score: NDArray[np.float64], owner: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the scores as probabilities (M,) that sum to 1 over each class."""
    highest = np.full(int(owner.max()) + 1, -np.inf)
    np.maximum.at(highest, owner, score)
    exponential = np.exp(score - highest[owner])
    return np.asarray(exponential / np.bincount(owner, exponential)[owner])
