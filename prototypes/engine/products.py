"""The heavy products over rows: what a device other than the processor can do in its place."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.blocks import Floats, Labels, in_single, scale_to_unit, tiles, total
from prototypes.engine.confusion import Confusion
from prototypes.engine.rivals import Rivals, find_rivals, margin
from prototypes.engine.softmax import log_partition

MOMENT_ROWS = 8192
"""Rows whose second moment is summed in float32."""

Rows = NDArray[np.float32]


class Products(Protocol):
    """Products of a block's rows with each other, with a projection, and with all prototypes.

    Arrays in and out are NumPy's, products are float32. Nothing of N×C leaves them.
    """

    @property
    def gpu(self) -> bool:
        """Tell whether FAISS is to search on a GPU too."""
        ...

    def second_moment(self, rows: Rows) -> NDArray[np.float64]:
        """Return the sum of x xᵀ over rows (n, D): (D, D)."""
        ...

    def adapt(self, features: Floats, mean: Rows, A: Rows) -> Rows:
        """Do as `adapt`."""
        ...

    def margin(self, g: Rows, labels: Labels, prototypes: Rows) -> Rows:
        """Do as `rivals.margin`."""
        ...

    def log_partition(
        self, g: Rows, prototypes: Rows, temperature: float, struck: Labels | None = None
    ) -> Rows:
        """Do as `softmax.log_partition`."""
        ...

    def find_rivals(
        self, g: Rows, labels: Labels, directions: Rows, temperature: float,
        confusion: Confusion | None, k: int,
    ) -> Rivals:  # fmt: skip
        """Do as `rivals.find_rivals`."""
        ...


def adapt(features: Floats, mean: Rows, A: Rows) -> Rows:
    """Map features (n, D) to unit rows g (n, d), tile by tile; rows of zeros stay zeros.

    That is unit length, minus the ``mean`` (D,), times A (D, d), and unit length again; the
    product comes first, as it is shorter than x: g ∝ xᵀ A / ‖x‖ − meanᵀ A.
    """
    g = np.empty((len(features), A.shape[1]), np.float32)
    origin = mean @ A
    for part in tiles(len(features)):
        x, there = in_single(features[part]), g[part]
        length = np.sqrt(np.einsum("ij,ij->i", x, x))
        np.matmul(x, A, out=there)
        there *= (1 / np.where(length > 0, length, 1))[:, None]
        there -= origin
        scale_to_unit(there)
        there[length == 0] = 0
    return g


class HostProducts:
    """The products by NumPy's BLAS, in tiles that fit a processor's cache."""

    gpu = False

    def second_moment(self, rows: Rows) -> NDArray[np.float64]:
        """See `Products`."""
        parts = (rows[part].T @ rows[part] for part in tiles(len(rows), MOMENT_ROWS))
        return total(part.astype(np.float64) for part in parts)

    adapt = staticmethod(adapt)
    margin = staticmethod(margin)
    log_partition = staticmethod(log_partition)
    find_rivals = staticmethod(find_rivals)


HOST = HostProducts()
