"""The bare matrix products of the method, at the speed that this machine's BLAS reaches."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from prototypes.engine.blocks import tiles
from prototypes.engine.softmax import CLASSES
from prototypes.fit.space import BETWEEN_DIRECTIONS, REST_DIRECTIONS

ROWS = 4_096
"""Rows of a product that is timed ..."""
SECONDS = 1.0
"""... again and again for so long."""


@dataclass(frozen=True)
class Product:
    """One of the products over N rows of D features, C classes and d adapted features."""

    name: str
    cpu_seconds: float
    """A row ..."""
    seconds: float
    """... and by the clock."""


def bare_products(classes: int, dim: int) -> list[Product]:
    """Time the products of float32 matrices in this process."""
    rng = np.random.default_rng(0)
    kept = min(classes - 1, BETWEEN_DIRECTIONS, dim)
    d = kept + min(REST_DIRECTIONS, dim - kept)
    x, g = rng.standard_normal((ROWS, dim), np.float32), rng.standard_normal((ROWS, d), np.float32)
    A, P = rng.standard_normal((dim, d), np.float32), rng.standard_normal((classes, d), np.float32)

    def against_classes() -> None:
        for part in tiles(classes, CLASSES):
            g @ P[part].T

    cosines = _seconds(against_classes)
    return [
        Product("second moment, N·D·D", *_seconds(lambda: x.T @ x)),
        Product("projection, N·D·d", *_seconds(lambda: x @ A)),
        Product("cosines to the plain means, N·C·d", *cosines),
        Product("cosines to the initial prototypes (Eq. 4), N·C·d", *cosines),
        Product("cosines to the prototypes, N·C·d", *cosines),
    ]


def _seconds(product: Callable[[], object]) -> tuple[float, float]:
    """Return the CPU seconds a row of a product over ROWS rows, and those by the clock."""
    product()
    cpu_start, start, times = time.process_time(), time.perf_counter(), 0
    while time.process_time() - cpu_start < SECONDS:
        product()
        times += 1
    rows = times * ROWS
    return (time.process_time() - cpu_start) / rows, (time.perf_counter() - start) / rows
