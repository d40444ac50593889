"""A weighted manifest in PyTorch: datasets, a sampler, and losses that use the weights.

train = WeightedImages("crawl.weighted.parquet", transform, split="0.9/0.1", part="train")
for images, labels, weights, keys in DataLoader(train, batch_size=256, shuffle=True):
    loss = weighted_cross_entropy(model(images), labels, weights)
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from rich.console import Console
from torch.utils.data import Dataset, IterableDataset, WeightedRandomSampler, get_worker_info

from curate.errors import CurateError
from curate.exports.training_rows import Sample, TrainingRows
from curate.images.source import FileSlice, ImageSource
from curate.manifest.plan import plan_shards, row_groups
from curate.options.in_python import python_constructor
from curate.options.keywords import spoken_in_keywords
from curate.options.training import StreamOptions, TrainingOptions
from curate.own_packages import warn_of_others
from curate.scoring import refresh
from curate.terminal.progress import progress_bar
from curate.training.loss import weighted_binary_cross_entropy, weighted_cross_entropy

warn_of_others()

__all__ = [
    "Sample",
    "WeightedImages",
    "WeightedStream",
    "refreshed_weights",
    "weighted_binary_cross_entropy",
    "weighted_cross_entropy",
    "weighted_sampler",
]


class WeightedImages(TrainingRows, Dataset[Sample]):
    """A weighted manifest as a map-style dataset: any row at any time.

    ``path`` is what `curate weight`, `curate refine` or `curate export --to parquet` wrote. Rows
    are chosen by the options of `curate export`: ``keep`` (weighted by default),
    ``min_quality``, ``labels``, ``normalize``, ``duplicates``, ``split`` and ``seed``; ``part``
    takes one part of the split, such as "train". Rows whose status is not ok are left out.

    Pictures are decoded as `curate weight` decodes them (formats, limits on bytes and pixels,
    upright, RGB): the shorter side is scaled to ``size`` and the centre cropped; ``transform``
    gets (3, size, size) bytes. A missing picture raises CurateError, which names the path and
    the folder that paths start from (``root``). With ``missing="warn"`` a missing picture, and in
    any case a broken one, becomes black with weight 0; the first gives a warning, and
    ``unreadable`` counts them.

    Pictures that are bytes in Parquet are copied once to a file in the temporary folder (TMPDIR),
    because Parquet has no fast way to one row; files and tars are read in place. For a crawl that
    is too large to copy, use `WeightedStream`.
    """

    @python_constructor(TrainingOptions)
    def __init__(self, options: TrainingOptions) -> None:
        super().__init__(options)
        self._slices = self._index()

    def __len__(self) -> int:
        """Return n."""
        return len(self._numbers)

    def __getitem__(self, place: int) -> Sample:
        """Read and decode one picture."""
        (piece,) = self._slices.slice(place, 1).to_pylist()
        path = piece.pop("path")
        if path is None:
            return self._sample(place, None)
        own = Path(path).parent == Path(self._scratch)
        root = None if own else self._manifest.root
        return self._sample(place, FileSlice(Path(path), **piece, root=root))

    def _index(self) -> pa.Table:
        """Locate the picture of every row: path, offset, length."""
        slices: list[tuple[str | None, int, int | None]] = []
        copied = Path(self._scratch, "pictures")
        with (
            progress_bar(Console(stderr=True), "Indexing pictures", len(self)) as advance,
            copied.open("wb") as file,
        ):
            for unit in plan_shards(self._manifest):
                for _, source in self._sources(unit, self._places(unit)):
                    if isinstance(source, bytes):
                        slices.append((str(copied), file.tell(), len(source)))
                        file.write(source)
                    elif source is None:
                        slices.append((None, 0, None))
                    else:
                        slices.append((str(source.path), source.offset, source.length))
                    advance(1)
        names = ("path", "offset", "length")
        return pa.table(dict(zip(names, zip(*slices, strict=True), strict=True)))


class WeightedStream(TrainingRows, IterableDataset[Sample]):
    """A weighted manifest as an iterable dataset: Parquet row groups, one after the other.

    It has the options of `WeightedImages` and four of its own. In each epoch (`set_epoch`) the row
    groups come in another order, and pictures are drawn from a buffer of ``buffer``. The rows are
    divided equally among the processes of torch.distributed (or ``rank`` of ``world``) and the
    DataLoader's workers: at most world · workers - 1 rows of an epoch are left over, others each
    time.
    """

    @python_constructor(StreamOptions)
    def __init__(self, options: StreamOptions) -> None:
        super().__init__(options)
        self._shuffle, self._buffer, self._seed = options.shuffle, options.buffer, options.seed
        self._epoch = 0
        self._units = [unit for unit in row_groups(self._manifest) if len(self._places(unit))]
        rank, world = options.rank, options.world
        here = (0, 1) if rank is None or world is None else (rank, world)
        if rank is None and torch.distributed.is_available() and torch.distributed.is_initialized():
            here = torch.distributed.get_rank(), torch.distributed.get_world_size()
        self._rank, self._world = here

    @property
    def rows(self) -> int:
        """Rows of an epoch, of all processes together."""
        return len(self._numbers)

    def set_epoch(self, epoch: int) -> None:
        """Choose the order; call it before each epoch, in every process."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[Sample]:
        """Yield the samples of this process and worker."""
        info = get_worker_info()
        worker, workers = (0, 1) if info is None else (info.id, info.num_workers)
        number, of = self._rank * workers + worker, self._world * workers
        rng = np.random.default_rng((self._seed, self._epoch, number))
        for place, source in self._drawn(self._dealt(number, of), rng):
            yield self._sample(place, source)

    def _dealt(self, number: int, of: int) -> Iterator[tuple[int, ImageSource | None]]:
        """Yield the rows of stream ``number``, from 0: a contiguous part of the epoch's order."""
        order: NDArray[np.int64] = np.arange(len(self._units))
        if self._shuffle:
            order = np.random.default_rng((self._seed, self._epoch)).permutation(order)
        share = self.rows // of
        first, stop, at = number * share, (number + 1) * share, 0
        for unit in (self._units[place] for place in order):
            places = self._places(unit)
            low, high = max(first - at, 0), min(stop - at, len(places))
            if low < high:
                yield from self._sources(unit, places[low:high])
            at += len(places)

    def _drawn(
        self, rows: Iterator[tuple[int, ImageSource | None]], rng: np.random.Generator
    ) -> Iterator[tuple[int, ImageSource | None]]:
        """Draw rows from a buffer."""
        if not self._shuffle:
            yield from rows
            return
        held: list[tuple[int, ImageSource | None]] = []
        for row in rows:
            if len(held) < self._buffer:
                held.append(row)
                continue
            place = int(rng.integers(len(held)))
            drawn, held[place] = held[place], row
            yield drawn
        for place in rng.permutation(len(held)):
            yield held[place]


def weighted_sampler(
    dataset: WeightedImages, num_samples: int | None = None, seed: int = 0
) -> WeightedRandomSampler:
    """Draw rows in proportion to their weights, with replacement; leave them out of the loss then.

    An epoch draws ``num_samples`` rows, by default as many as there are.
    """
    generator = torch.Generator().manual_seed(seed)
    weights = dataset.weights.double()
    if not weights.sum() > 0:
        raise CurateError(
            "all rows have weight 0, so none can be drawn by its weight; keep other rows."
        )
    count = len(dataset) if num_samples is None else num_samples
    return WeightedRandomSampler(weights, count, generator=generator)  # type: ignore[arg-type]


def refreshed_weights(
    dataset: WeightedImages, logits: torch.Tensor, places: torch.Tensor | None = None
) -> torch.Tensor:
    """Weigh samples again by what networks see of them: SINet's loop (Eq. 4 to 6), (n,).

    ``logits`` (n, K) are of the dataset's samples, or of those at ``places`` (n,), and must be
    cross-fitted: those of a sample come from a network that was not trained on it, or wrong labels
    that are learned by heart count as right. They stand beside the features that the crawl was
    weighed by; relations, α and β are those of that run. `examples/train_sinet.py --refresh` shows
    the whole loop. Raises CurateError where the run's folder is gone, and for lists of labels.
    """
    rows = dataset.row_numbers.astype(np.int64)
    chosen = rows if places is None else rows[places.numpy()]
    with spoken_in_keywords():
        weights = refresh.refreshed_weights(
            dataset.work(), chosen, logits.float().numpy(force=True)
        )
    return torch.from_numpy(weights)
