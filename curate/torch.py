"""A weighted manifest in PyTorch: datasets, a sampler, and the loss that heeds weights.

train = WeightedImages("crawl.weighted.parquet", transform, split="0.9/0.1", part="train")
for images, labels, weights, keys in DataLoader(train, batch_size=256, shuffle=True):
    loss = weighted_cross_entropy(model(images), labels, weights)
"""

import os
import shutil
import tempfile
import warnings
import weakref
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
import torch
from numpy.typing import NDArray
from rich.console import Console
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset, WeightedRandomSampler, get_worker_info

from curate.errors import CurateError
from curate.exports.select import select_rows
from curate.images.decode import decode
from curate.images.preprocess import Preprocess
from curate.images.source import FileSlice, ImageSource, read
from curate.images.status import Status, Undecodable
from curate.manifest.pictures import check_paths, picture_finder
from curate.manifest.plan import Shard, plan_shards, row_groups
from curate.manifest.read import read_shards
from curate.manifest.unchanged import require_unchanged
from curate.options.columns import ColumnOptions
from curate.options.export import SOFT, Keep, Labels, Normalize, SelectOptions
from curate.options.weighted import WeightedOptions
from curate.store.folders import Folders
from curate.terminal.printable import brief, printable
from curate.terminal.progress import progress_bar
from curate.training.loss import weighted_binary_cross_entropy, weighted_cross_entropy
from curate.weighted.open import open_weighted

__all__ = [
    "Sample",
    "WeightedImages",
    "WeightedStream",
    "weighted_binary_cross_entropy",
    "weighted_cross_entropy",
    "weighted_sampler",
]

Transform = Callable[[Tensor], Tensor]
MISSING = RAISE, WARN = "raise", "warn"
"""What happens where a picture is not there."""
WORKERS = 255
"""Counts of workers that are kept apart."""
BUFFER = 1024
"""Pictures, not decoded yet, among which a stream draws the next."""


class Sample(NamedTuple):
    """An image for training; PyTorch's own collate makes a batch of the same four of them."""

    image: Tensor
    """(3, size, size) bytes, or what the transform makes of them."""
    label: Tensor
    """() number of the class; (C,) shares with labels="soft"; (C,) 0 and 1 for lists of labels."""
    weight: Tensor
    """() float32; (C,) for lists of labels: 1 for the classes that were not given."""
    key: str
    """Of the row, so that what a trainer finds leads back to the crawl."""


class _Rows:
    """The rows that are trained on; labels, weights and keys are in memory, pictures are not."""

    def __init__(
        self,
        path: str | Path,
        transform: Transform | None = None,
        *,
        size: int = 256,
        keep: Keep = "weighted",
        min_quality: float | None = None,
        labels: Labels = "given",
        normalize: Normalize = "none",
        split: str | None = None,
        seed: int = 0,
        part: str | None = None,
        classes: Sequence[str] | None = None,
        image: str | None = None,
        label: str | None = None,
        key: str | None = None,
        root: str | Path | None = None,
        prefix: str | None = None,
        missing: str = RAISE,
    ) -> None:
        if missing not in MISSING:
            raise CurateError(f"missing={missing!r}: it must be one of {', '.join(MISSING)}.")
        self.transform = transform
        self._path, self._missing = path, missing
        counts = torch.zeros(1 + WORKERS, dtype=torch.int64)
        self._unreadable = counts.share_memory_()  # type: ignore[no-untyped-call]
        self._preprocess = Preprocess(size)
        self._scratch = tempfile.mkdtemp(prefix="curate-")
        weakref.finalize(self, _remove, self._scratch, os.getpid())
        options = SelectOptions(keep, min_quality, labels, normalize, split, seed)
        columns = ColumnOptions(image=image, label=label, key=key)
        weighted = open_weighted(
            WeightedOptions(Path(path), columns, None if root is None else Path(root), prefix),
            Folders(Path(self._scratch)),
        )
        self._manifest, self._soft = weighted.manifest, options.labels == SOFT
        sources = (source for part in self._manifest.parts for source in part.sources)
        self._seen = {source.path: source for source in sources}
        check_paths(self._manifest)
        lists = self._manifest.has_label_lists
        names = ["row", "key", "label", "weight", "status"]
        names += ["soft_labels", "soft_probabilities"] if self._soft else []
        names += ["split"] if options.shares else []
        rows = select_rows(weighted, options).select(names).collect(engine="streaming")
        rows = rows.filter(pl.col("status") == Status.OK, pl.col("label").is_not_null())
        given = rows["label"].explode(empty_as_null=False) if lists else rows["label"]
        self.classes = list(
            classes or self._manifest.class_names or sorted(given.drop_nulls().unique())
        )
        """Their places are the numbers of the labels; the same in every part of a split."""
        if part is not None:
            if part not in options.shares:
                raise CurateError(
                    f"part={part!r} is no part of split={options.split!r}; its parts are:"
                    f" {', '.join(options.shares)}."
                )
            rows = rows.filter(pl.col("split") == part)
        if not len(rows):
            raise CurateError(f"no row of {path} is left to train on; keep more.")
        # As Arrow: worker processes that are forked must not wait for polars' threads.
        self._rows = self._numbered(rows, lists).to_arrow()
        self._numbers: NDArray[np.uint32] = rows["row"].to_numpy()

    def _numbered(self, rows: pl.DataFrame, lists: bool) -> pl.DataFrame:
        """Put the classes' numbers in place of their names."""
        unknown = set(
            (rows["label"].explode(empty_as_null=False) if lists else rows["label"]).unique()
        )
        unknown -= {*self.classes, None}
        if unknown:
            raise CurateError(
                f"classes= lacks '{min(unknown)}', which is a label of rows that are trained on."
            )
        number = pl.Enum(self.classes)
        for name in ("label", "soft_labels")[: 1 + self._soft]:
            if rows.schema[name] == pl.List:
                numbers = pl.element().cast(pl.String).cast(number).to_physical()
                rows = rows.with_columns(pl.col(name).list.eval(numbers))
            else:
                rows = rows.with_columns(pl.col(name).cast(number).to_physical())
        return rows.drop("status")

    @property
    def weights(self) -> Tensor:
        """(n,) weights of the rows; of an image with several labels the largest."""
        weight = pl.Series(self._rows["weight"])
        single = weight.list.max() if weight.dtype == pl.List else weight
        return torch.from_numpy(single.to_numpy(writable=True))

    def _sample(self, place: int, source: ImageSource | None) -> Sample:
        """Decode a picture; where it cannot be read, a black one of weight 0, which no loss sees.

        Raises CurateError where it is not there, unless asked only to warn.
        """
        row = self._rows.slice(place, 1).to_pylist()[0]
        if isinstance(source, FileSlice) and source.path in self._seen:
            require_unchanged([self._seen[source.path]])
        try:
            data = b"" if source is None else read(source)
            picture, there = decode(data, self._preprocess), 1.0
        except Undecodable as error:
            self._pass_over(row["key"], source, error.status)
            size = self._preprocess.size
            picture, there = np.zeros((size, size, 3), np.uint8), 0.0
        image = torch.from_numpy(picture).permute(2, 0, 1).contiguous()
        label, weight = self._target(row)
        transformed = image if self.transform is None else self.transform(image)
        return Sample(transformed, label, weight * there, row["key"])

    def _pass_over(self, key: str, source: ImageSource | None, status: Status) -> None:
        """Count a picture that cannot be read, and warn of the first; raise where it is missing."""
        where = ""
        if isinstance(source, FileSlice) and source.path.parent != Path(self._scratch):
            where = f" ({printable(str(source.path))})"
        said = f"{self._path}: the picture of row '{brief(key)}'{where} is {status}"
        if status in (Status.MISSING, Status.OUTSIDE, Status.EMPTY) and self._missing == RAISE:
            raise CurateError(
                f"{said}; its paths start from {self._manifest.root}, name another folder with"
                f" root=, or take what is missing as black pictures of weight 0 with"
                f" missing={WARN!r}."
            )
        info = get_worker_info()
        own = self._unreadable[0 if info is None else 1 + info.id % WORKERS]
        if not own:
            warnings.warn(
                f"{said}: it is black and weighs 0, as any further one; unreadable counts them.",
                stacklevel=2,
            )
        own += 1

    @property
    def unreadable(self) -> int:
        """Pictures that could not be read so far, by all workers: black, of weight 0."""
        return int(self._unreadable.sum())

    def _target(self, row: dict[str, Any]) -> tuple[Tensor, Tensor]:
        label, weight = row["label"], row["weight"]
        if self._soft:
            shares = torch.zeros(len(self.classes))
            shares[row["soft_labels"]] = torch.tensor(row["soft_probabilities"])
            return shares, torch.tensor(weight, dtype=torch.float32)
        if not isinstance(label, list):
            return torch.tensor(label), torch.tensor(weight, dtype=torch.float32)
        target, weights = torch.zeros(len(self.classes)), torch.ones(len(self.classes))
        target[label] = 1
        weights[label] = torch.tensor(weight, dtype=torch.float32)
        return target, weights

    def _sources(self, unit: Shard, places: range) -> Iterator[tuple[int, ImageSource | None]]:
        """Find the pictures of chosen rows that lie in a unit, in order."""
        columns, find = picture_finder(self._manifest)
        numbers = self._numbers[places.start : places.stop]
        done = 0
        for _, batches in read_shards(self._manifest, [unit], columns):
            at = unit.first_row
            for batch in batches:
                stop = int(np.searchsorted(numbers, at + batch.num_rows))
                if stop > done:
                    taken = batch.take(numbers[done:stop] - at)
                    yield from zip(places[done:stop], find(taken), strict=True)
                done, at = stop, at + batch.num_rows

    def _places(self, unit: Shard) -> range:
        """Say which of the chosen rows lie in a unit."""
        bounds = [unit.first_row, unit.first_row + unit.rows]
        first, stop = np.searchsorted(self._numbers, bounds)
        return range(int(first), int(stop))


class WeightedImages(_Rows, Dataset[Sample]):
    """A weighted manifest as a map-style dataset: any row at any time.

    ``path`` is what `curate weight`, `curate refine` or `curate export --to parquet` wrote. Rows
    are chosen by the options of `curate export`: ``keep`` (weighted unless said otherwise),
    ``min_quality``, ``labels``, ``normalize``, ``split`` and ``seed``; ``part`` takes one part of
    the split, such as "train". Rows whose status is not ok are left out.

    Pictures are decoded as `curate weight` decodes them (formats, limits on bytes and pixels,
    upright, RGB): the shorter side is scaled to ``size`` and the centre cropped; ``transform``
    gets (3, size, size) bytes. A picture that is not there raises CurateError, which names the
    path and the folder that paths start from (``root``). With ``missing="warn"``, and where a
    picture is broken, it is black and weighs 0; the first is warned of, and ``unreadable`` counts
    them.

    Pictures that are bytes in Parquet are copied once to a file in the temporary folder (TMPDIR),
    because Parquet has no fast way to one row; files and tars are read where they lie. For a crawl
    that is too large for that there is `WeightedStream`.
    """

    def __init__(self, path: str | Path, transform: Transform | None = None, **options: Any):
        super().__init__(path, transform, **options)
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
        """Say of every row in which file its picture lies: path, offset, length."""
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


class WeightedStream(_Rows, IterableDataset[Sample]):
    """A weighted manifest as an iterable dataset: Parquet row groups, one after the other.

    Options as of `WeightedImages`. Each epoch (`set_epoch`) the row groups come in another order,
    and each picture is drawn from a buffer of ``buffer`` of them. The rows are dealt out to the
    processes of torch.distributed (``rank`` of ``world`` where it is not used) and to the
    DataLoader's workers, to each equally many: at most world · workers - 1 rows of an epoch are
    left over, others each time.
    """

    def __init__(
        self,
        path: str | Path,
        transform: Transform | None = None,
        *,
        shuffle: bool = True,
        buffer: int = BUFFER,
        rank: int | None = None,
        world: int | None = None,
        **options: Any,
    ):
        super().__init__(path, transform, **options)
        self._shuffle, self._buffer, self._seed = shuffle, buffer, options.get("seed", 0)
        self._epoch = 0
        self._units = [unit for unit in row_groups(self._manifest) if len(self._places(unit))]
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
        """Give the samples of this process and worker."""
        info = get_worker_info()
        worker, workers = (0, 1) if info is None else (info.id, info.num_workers)
        number, of = self._rank * workers + worker, self._world * workers
        rng = np.random.default_rng((self._seed, self._epoch, number))
        for place, source in self._drawn(self._dealt(number, of), rng):
            yield self._sample(place, source)

    def _dealt(self, number: int, of: int) -> Iterator[tuple[int, ImageSource | None]]:
        """Give the rows of stream ``number``: a run of the epoch's order of units."""
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
    """Draw rows as often as they weigh, with replacement; then leave the weight out of the loss.

    An epoch draws ``num_samples``, as many as there are rows unless said otherwise.
    """
    generator = torch.Generator().manual_seed(seed)
    weights = dataset.weights.double()
    if not weights.sum() > 0:
        raise CurateError("all rows weigh 0, and none can be drawn by its weight; keep others.")
    count = len(dataset) if num_samples is None else num_samples
    return WeightedRandomSampler(weights, count, generator=generator)  # type: ignore[arg-type]


def _remove(folder: str, process: int) -> None:
    """Remove a folder, but not from a worker that was forked."""
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
