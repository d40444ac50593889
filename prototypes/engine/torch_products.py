"""The heavy products over rows on a torch device, such as a GPU."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from prototypes.engine.absent import absent_classes
from prototypes.engine.blocks import Floats, Labels, tiles
from prototypes.engine.confusion import Confusion
from prototypes.engine.little_known import NONE
from prototypes.engine.pairs import MASKED, all_labels, own_labels
from prototypes.engine.products import MOMENT_ROWS, Rows
from prototypes.engine.rivals import Rivals, with_others

TILE = 2**25
"""Size of a tile of products, 128 MiB: all classes of as many rows as fit."""


def adapt(x: Tensor, mean: Tensor, A: Tensor) -> Tensor:
    """Map features (n, D) in float32 to unit rows g (n, d), as `products.adapt` does."""
    length = x.norm(dim=1, keepdim=True)
    g = x @ A / length.where(length > 0, 1) - mean @ A
    unit: Tensor = functional.normalize(g, eps=float(np.finfo(np.float32).tiny)) * (length > 0)
    return unit


@dataclass(frozen=True)
class TorchProducts:
    """`Products` on a device, in float32; torch does not use TF32 for products by default.

    The rows of a block are copied to the device, and a few numbers per row are copied back.
    """

    device: str
    _kept: list[tuple[Confusion, tuple[Tensor, Tensor]]] = field(
        default_factory=list, compare=False, repr=False
    )

    @property
    def gpu(self) -> bool:
        """Tell whether FAISS should also search on a GPU."""
        return torch.device(self.device).type == "cuda"

    def second_moment(self, rows: Rows) -> NDArray[np.float64]:
        """Return the sum of x xᵀ over rows (n, D): (D, D)."""
        x = self._put(rows)
        second = x.new_zeros(x.shape[1], x.shape[1], dtype=torch.float64)
        for part in tiles(len(x), MOMENT_ROWS):
            second += x[part].T @ x[part]
        return second.cpu().numpy()

    def adapt(self, features: Floats, mean: Rows, A: Rows) -> Rows:
        """Compute `products.adapt`."""
        return _array(adapt(self._put(features).float(), self._put(mean), self._put(A)))

    def margin(self, g: Rows, labels: Labels, prototypes: Rows) -> Rows:
        """Compute `rivals.margin`."""

        def margin(cosines: Tensor, given: Tensor) -> Tensor:
            own = _own(cosines, given)
            _mask(cosines, given)
            return own - cosines.amax(1)

        return self._by_tiles(margin, g, prototypes, 1, all_labels(labels))[0]

    def log_partition(
        self, g: Rows, prototypes: Rows, temperature: float, masked: Labels | None = None
    ) -> Rows:
        """Compute `softmax.log_partition`."""

        def partition(logits: Tensor, *known: Tensor) -> Tensor:
            for classes in known:
                _mask(logits, classes)
            return logits.logsumexp(1)

        sharp = prototypes / np.float32(temperature)
        return self._by_tiles(partition, g, sharp, 1, *([] if masked is None else [masked]))[0]

    def find_rivals(
        self, g: Rows, labels: Labels, directions: Rows, temperature: float,
        confusion: Confusion | None, k: int, little_known: NDArray[np.int64] = NONE,
    ) -> Rivals:  # fmt: skip
        """Compute `rivals.find_rivals`."""
        related, excess = (None, None) if confusion is None else self._kept_of(confusion)
        sizes = None
        if confusion is not None and confusion.sized:
            sizes = self._put(confusion.sizes)
        unknown = self._put(little_known)

        def compare(logits: Tensor, given: Tensor, own: Tensor) -> tuple[Tensor, ...]:
            mine = _own(logits, given)
            _mask(logits, given)
            logits[:, unknown] = float(MASKED)
            nearest = logits.amax(1)
            if sizes is not None:
                logits += sizes
            if related is not None and excess is not None:
                over = excess[own] * (own >= 0)[:, None]
                if excess.shape == (len(excess), len(excess)):
                    logits += over
                else:
                    logits.scatter_add_(1, related[own].long(), over)
            logit, most_likely = logits.max(1)
            most_likely = torch.where(logit > float(MASKED), most_likely, -1)
            return mine, nearest, most_likely, logit, logits.logsumexp(1)

        tau, own = np.float32(temperature), own_labels(labels)
        mine, nearest, most_likely, logit, partition = self._by_tiles(
            compare, g, directions / tau, k, all_labels(labels), own
        )
        most_likely = most_likely.astype(np.int64)
        found = Rivals(mine * tau, nearest * tau, most_likely, logit, partition)
        return with_others(found, own, confusion)

    def _by_tiles(
        self, fn: Callable[..., Any], g: Rows, prototypes: Rows, k: int, *known: Labels
    ) -> list[NDArray[Any]]:
        """Apply fn(products with each class's nearest of k (m, C), known ...) to tiles of rows.

        Absent classes are masked.
        """
        x, P, parts = self._put(g), self._put(prototypes).T, []
        absent = self._put(absent_classes(prototypes, k))
        more = [self._put(value.astype(np.int64)) for value in known]
        for rows in tiles(len(g), max(TILE // len(prototypes), 1)):
            products = x[rows] @ P
            if k > 1:
                products = products.view(len(products), len(prototypes) // k, k).amax(2)
            products[:, absent] = float(MASKED)
            found = fn(products, *(value[rows] for value in more))
            parts.append([_array(v) for v in (found if isinstance(found, tuple) else (found,))])
        return [np.concatenate(column) for column in zip(*parts, strict=True)]

    def _kept_of(self, confusion: Confusion) -> tuple[Tensor, Tensor]:
        """Return ``related`` and ``excess`` on the device, where they stay from block to block."""
        if not (self._kept and self._kept[0][0] is confusion):
            tensors = self._put(confusion.related), self._put(confusion.excess)
            self._kept[:] = [(confusion, tensors)]
        return self._kept[0][1]

    def _put(self, array: NDArray[Any]) -> Tensor:
        """Copy an array, which may be a read-only memory map, to the device."""
        if not array.flags.writeable:
            array = array.copy()
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device)


def _own(scores: Tensor, given: Tensor) -> Tensor:
    """Return scores (n, C) at the own labels, the first of ``given`` (n, L); arbitrary for -1."""
    return scores.gather(1, given[:, :1].clamp(min=0))[:, 0]


def _mask(scores: Tensor, given: Tensor) -> None:
    """Mask scores (n, C) at the given labels (n, L), padded with -1."""
    rows, at = (given >= 0).nonzero(as_tuple=True)
    scores[rows, given[rows, at]] = float(MASKED)


def _array(values: Tensor) -> NDArray[Any]:
    found: NDArray[Any] = values.cpu().numpy()
    return found
