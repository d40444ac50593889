"""The heavy products over rows, which a GPU can compute instead of the CPU."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.blocks import Floats, Labels, in_single, scale_to_unit, tiles, total
from prototypes.engine.confusion import Confusion
from prototypes.engine.little_known import NONE
from prototypes.engine.rivals import Rivals, find_rivals, margin
from prototypes.engine.softmax import log_partition

MOMENT_ROWS = 8192
"""Rows whose second moments are summed in float32."""

Rows = NDArray[np.float32]


class Products(Protocol):
    """Products of a block's rows with each other, with a projection, and with all prototypes.

    Arguments and results are NumPy arrays; products are float32. No result is an N×C array.
    """

    @property
    def gpu(self) -> bool:
        """Tell whether FAISS should also search on a GPU."""
        ...

    def second_moment(self, rows: Rows) -> NDArray[np.float64]:
        """Return the sum of x xᵀ over rows (n, D): (D, D)."""
        ...

    def adapt(self, features: Floats, mean: Rows, A: Rows) -> Rows:
        """Compute `adapt`."""
        ...

    def margin(self, g: Rows, labels: Labels, prototypes: Rows) -> Rows:
        """Compute `rivals.margin`."""
        ...

    def log_partition(
        self, g: Rows, prototypes: Rows, temperature: float, masked: Labels | None = None
    ) -> Rows:
        """Compute `softmax.log_partition`."""
        ...

    def find_rivals(
        self, g: Rows, labels: Labels, directions: Rows, temperature: float,
        confusion: Confusion | None, k: int, little_known: NDArray[np.int64] = NONE,
    ) -> Rivals:  # fmt: skip
        """Compute `rivals.find_rivals`."""
        ...


def adapt(features: Floats, mean: Rows, A: Rows) -> Rows:
    """Map features (n, D) to unit rows g (n, d), tile by tile; rows of zeros stay zeros.

    Features are scaled to unit length, centred by ``mean`` (D,), multiplied by A (D, d), and scaled
    to unit length again. The product is computed first, as it has fewer columns than x:
    g ∝ xᵀ A / ‖x‖ − meanᵀ A.
    """
    g = np.empty((len(features), A.shape[1]), np.float32)
    origin = mean @ A
    for part in tiles(len(features)):
        x, rows = in_single(features[part]), g[part]
        length = np.sqrt(np.einsum("ij,ij->i", x, x))
        np.matmul(x, A, out=rows)
        rows *= (1 / np.where(length > 0, length, 1))[:, None]
        rows -= origin
        scale_to_unit(rows)
        rows[length == 0] = 0
    return g


class HostProducts:
    """The products on the CPU, by NumPy's BLAS, in tiles that fit the cache."""

    gpu = False

    def second_moment(self, rows: Rows) -> NDArray[np.float64]:
        """Return the sum of x xᵀ over rows (n, D): (D, D)."""
        parts = (rows[part].T @ rows[part] for part in tiles(len(rows), MOMENT_ROWS))
        return total(part.astype(np.float64) for part in parts)

    adapt = staticmethod(adapt)
    margin = staticmethod(margin)
    log_partition = staticmethod(log_partition)
    find_rivals = staticmethod(find_rivals)


HOST = HostProducts()
