"""A small crawl in memory whose labels are wrong in a known way."""

from dataclasses import dataclass

import numpy as np
import pytest

from curate.heads.inputs import Inputs
from curate.heads.training import Examples
from prototypes.method import adapted, fit_prototypes, fit_space
from tests.blocks import in_memory

ROWS, CLASSES, D = 900, 5, 16


@dataclass(frozen=True)
class Known:
    inputs: Inputs
    examples: Examples
    true: np.ndarray
    """(n, L')"""


def known(several: bool, noise: float = 0.35, verified: float = 0.2) -> Known:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(CLASSES, D))
    if several:
        sets = rng.random((ROWS, CLASSES)) < 0.3
        sets[np.arange(ROWS), rng.integers(CLASSES, size=ROWS)] = True
        x = sets @ centres + rng.normal(0, 0.8, (ROWS, D))
        spoilt = np.where(rng.random(sets.shape) < noise, rng.random(sets.shape) < 0.3, sets)
        true, given = as_lists(sets), as_lists(spoilt)
    else:
        label = rng.integers(CLASSES, size=ROWS)
        x = centres[label] + rng.normal(0, 1.2, (ROWS, D))
        wrong = rng.random(ROWS) < noise
        true = label[:, None]
        given = np.where(wrong, (label + 1) % CLASSES, label)[:, None]
    x = x.astype(np.float16)
    first = given.max(axis=1).astype(np.int32)
    space = fit_space(in_memory(x, first), CLASSES)
    prototypes = fit_prototypes(adapted(in_memory(x, first), space), CLASSES)
    is_verified = rng.random(ROWS) < verified
    examples = Examples(x, given, true, is_verified, np.arange(ROWS))
    return Known(Inputs.of(space, prototypes, 0), examples, true)


def as_lists(sets: np.ndarray) -> np.ndarray:
    return np.where(sets, np.arange(sets.shape[1]), -1)


@pytest.fixture(scope="session")
def one_label() -> Known:
    return known(several=False)


@pytest.fixture(scope="session")
def several_labels() -> Known:
    return known(several=True)
