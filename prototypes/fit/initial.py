"""Initial prototypes: the mean of the most confidently classified images of each class."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.blocks import Floats, Labels, unit_rows
from prototypes.engine.moments import BlockSums, ClassSums, add_up, class_sums, counted
from prototypes.engine.pairs import own_labels
from prototypes.engine.products import HOST, Products
from prototypes.fit.crawl_rows import CrawlRows
from prototypes.fit.sample import LabelledSample, join_samples, sample_rows

WIDEST = 2.0
"""The largest margin: the difference of two cosines lies in [-2, 2]."""
BINS = 1024
"""Bins of a histogram of margins over that range: thresholds are exact to 1/256."""
NOWHERE = -1
"""The cell of a row that does not count."""

Cells = NDArray[np.int32]
"""(n,): BINS · y + the bin of the margin, or NOWHERE."""


@dataclass(frozen=True)
class Chosen:
    """Tells the candidates: the most confidently classified rows of each class."""

    plain: NDArray[np.float32]
    """(C, d): the class means by which confidence is measured."""
    bins: NDArray[np.int32]
    """(C,): the lowest bin of a candidate's margin."""

    def weigh(self, g: NDArray[np.float32], labels: Labels) -> NDArray[np.float32]:
        """Give each candidate of rows g (n, d) the weight 1, NaN to any other row: (n,)."""
        chosen = reliable(margin_cells(g, labels, self.plain), self.bins)
        return np.where(chosen, np.float32(1), np.float32(np.nan))


@dataclass(frozen=True)
class Initial:
    """The initial prototypes, and the sample that all temperatures are calibrated on."""

    prototypes: NDArray[np.float32]
    """(C, d): P, unit rows; zeros for a class without rows."""
    sums: ClassSums
    """Sums per class of the candidates among the crawl's rows."""
    chosen: Chosen
    sample: LabelledSample
    reliable: LabelledSample
    """Those of the sample that are among the most confident of their class."""


def fit_initial(
    rows: CrawlRows,
    share: float,
    class_means: NDArray[np.float32] | None = None,
    products: Products = HOST,
) -> Initial:
    """Average the ``share`` of each class that is classified most confidently: two passes.

    Confidence is measured by ``class_means`` (C, d), or by the plain means of the rows.
    """
    plain = unit_rows(rows.verified.join(rows.sums).means()) if class_means is None else class_means
    confidence = partial(_confidence, plain=plain, stride=rows.stride, products=products)
    samples, cells = zip(*rows.each(confidence), strict=True)
    bins = reliable_bins(cells, rows.classes, share, own_only=class_means is not None)
    sums = add_up(rows.each(partial(reliable_sums, bins=bins), cells))
    samples += rows.verified.blocks(partial(sample_rows, classes=rows.classes, stride=rows.stride))
    sample = join_samples(samples, rows.classes)
    kept = reliable(margin_cells(sample.g, sample.labels, plain), bins)
    prototypes = unit_rows(rows.verified.join(sums).means())
    candidates = LabelledSample(sample.g[kept], sample.labels[kept])
    return Initial(prototypes, sums, Chosen(plain, bins), sample, candidates)


def _confidence(
    g: NDArray[np.float32],
    labels: Labels,
    plain: NDArray[np.float32],
    stride: int,
    products: Products,
) -> tuple[LabelledSample, Cells]:
    return sample_rows(g, labels, len(plain), stride), margin_cells(g, labels, plain, products)


def margin_cells(
    g: NDArray[np.float32],
    labels: Labels,
    plain: NDArray[np.float32],
    products: Products = HOST,
) -> Cells:
    """Return the cell (n,) of each row of a block in the histogram of margins per class.

    The margin is the cosine to the ``plain`` mean (C, d) of the row's class minus the cosine to the
    nearest mean of another class.
    """
    cells = np.full(len(g), NOWHERE, np.int32)
    kept = counted(g, labels, len(plain))
    bins = (products.margin(g, labels, plain)[kept] + WIDEST) * (BINS / (2 * WIDEST))
    cells[kept] = own_labels(labels)[kept] * BINS + np.clip(bins, 0, BINS - 1).astype(np.int32)
    return cells


def reliable_bins(
    blocks: Iterable[Cells], classes: int, share: float, own_only: bool = False
) -> NDArray[np.int32]:
    """Return for each class the lowest bin (C,) of its top ``share`` of margins.

    Every class with rows has at least one row in or above its bin. With ``own_only``, rows that are
    nearer to another class are below the bin, unless all rows of the class are. The histogram makes
    it unnecessary to sort all margins.
    """
    counts = np.zeros((classes, BINS), np.int32)
    for cells in blocks:
        np.add.at(counts.reshape(-1), cells[cells != NOWHERE], 1)
    above = counts[:, ::-1].cumsum(axis=1, dtype=np.int32)[:, ::-1]
    wanted = np.maximum(share * above[:, :1], 1)
    lowest = (above >= wanted).sum(axis=1, dtype=np.int32) - 1
    if own_only:
        lowest = np.where(above[:, BINS // 2] > 0, np.maximum(lowest, BINS // 2), lowest)
    return np.asarray(np.maximum(lowest, 0), np.int32)


def reliable(cells: Cells, bins: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Tell which rows (n,) are among the most confidently classified of their class."""
    return np.asarray((cells != NOWHERE) & (cells % BINS >= bins[cells // BINS]))


def reliable_sums(g: Floats, labels: Labels, cells: Cells, bins: NDArray[np.int32]) -> BlockSums:
    """Sum the reliable rows of a block per class; their means are the initial prototypes."""
    chosen = reliable(cells, bins)
    return class_sums(g[chosen], labels[chosen], len(bins))
