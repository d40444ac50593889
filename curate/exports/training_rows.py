"""The rows that a network is trained on in PyTorch, and how one becomes a sample."""

import os
import shutil
import tempfile
import warnings
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import get_worker_info

from curate.errors import CurateError
from curate.exports.select_rows import select_rows
from curate.images.decode import decode
from curate.images.preprocess import Preprocess
from curate.images.source import FileSlice, ImageSource, read
from curate.images.status import Status, Undecodable
from curate.manifest.pictures import check_paths, picture_finder
from curate.manifest.plan import Shard
from curate.manifest.read import read_shards
from curate.manifest.unchanged import require_unchanged
from curate.options.export import SOFT
from curate.options.training import RAISE, WARN, TrainingOptions
from curate.store.folders import Folders
from curate.store.scratch import scratch_folder
from curate.terminal.printable import brief, printable
from curate.weighted.open import open_weighted
from curate.weighted.work import Work

WORKERS = 255
"""So many workers have their own count of unreadable pictures."""


class Sample(NamedTuple):
    """An image for training; PyTorch's default collate makes batches with the same four fields."""

    image: Tensor
    """(3, size, size) bytes, or what the transform makes of them."""
    label: Tensor
    """() number of the class; (C,) shares with labels="soft"; (C,) 0 and 1 for lists of labels."""
    weight: Tensor
    """() float32; (C,) for lists of labels: 1 for the classes that were not given."""
    key: str
    """The row's key, which leads back to the crawl."""


class TrainingRows:
    """The rows that are trained on; labels, weights and keys are in memory, pictures are not."""

    def __init__(self, chosen: TrainingOptions):
        path, transform = chosen.path, chosen.transform
        self.transform = transform
        self._path, self._missing, self._source = path, chosen.missing, chosen.source
        counts = torch.zeros(1 + WORKERS, dtype=torch.int64)
        self._unreadable = counts.share_memory_()  # type: ignore[no-untyped-call]
        self._preprocess = Preprocess(chosen.size)
        self._scratch = tempfile.mkdtemp(prefix="curate-")
        weakref.finalize(self, _remove, self._scratch, os.getpid())
        weighted = open_weighted(self._source, Folders(Path(self._scratch)))
        select = chosen.select
        self._manifest, self._soft = weighted.manifest, select.labels == SOFT
        sources = (source for part in self._manifest.parts for source in part.sources)
        self._seen = {source.path: source for source in sources}
        check_paths(self._manifest)
        lists = self._manifest.has_label_lists
        names = ["row", "key", "label", "weight", "status"]
        names += ["soft_labels", "soft_probabilities"] if self._soft else []
        names += ["split"] if select.shares else []
        rows = select_rows(weighted, select).select(names).collect(engine="streaming")
        rows = rows.filter(pl.col("status") == Status.OK, pl.col("label").is_not_null())
        given = rows["label"].explode(empty_as_null=False) if lists else rows["label"]
        self.classes = list(
            chosen.classes or self._manifest.class_names or sorted(given.drop_nulls().unique())
        )
        """In the order of their numbers, which are the same in every part of a split."""
        if chosen.part is not None:
            rows = rows.filter(pl.col("split") == chosen.part)
        if not len(rows):
            raise CurateError(f"no row of {path} is left to train on; keep more.")
        # Arrow, as forked workers would wait for ever for polars' threads, which they lack.
        self._rows = self._numbered(rows, lists).to_arrow()
        self._numbers: NDArray[np.uint32] = rows["row"].to_numpy()

    def _numbered(self, rows: pl.DataFrame, lists: bool) -> pl.DataFrame:
        """Replace the names of classes by their numbers."""
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

    def work(self) -> Work:
        """Open what the weights were made from; raises CurateError where it is gone."""
        with scratch_folder() as frozen:
            return open_weighted(self._source, Folders(frozen)).work()

    @property
    def row_numbers(self) -> NDArray[np.uint32]:
        """Give the row (n,) of the file that each sample is, from 0."""
        return self._numbers

    def _sample(self, place: int, source: ImageSource | None) -> Sample:
        """Decode a picture; one that cannot be read is black and has weight 0, so no loss sees it.

        Raises CurateError for a missing picture, unless ``missing`` is "warn".
        """
        row = self._rows.slice(place, 1).to_pylist()[0]
        if isinstance(source, FileSlice) and source.path in self._seen:
            require_unchanged([self._seen[source.path]])
        try:
            data = b"" if source is None else read(source)
            picture, readable = decode(data, self._preprocess), 1.0
        except Undecodable as error:
            self._pass_over(row["key"], source, error.status)
            size = self._preprocess.size
            picture, readable = np.zeros((size, size, 3), np.uint8), 0.0
        image = torch.from_numpy(picture).permute(2, 0, 1).contiguous()
        label, weight = self._target(row)
        transformed = image if self.transform is None else self.transform(image)
        return Sample(transformed, label, weight * readable, row["key"])

    def _pass_over(self, key: str, source: ImageSource | None, status: Status) -> None:
        """Count a picture that cannot be read, and warn of the first; raise where it is missing."""
        where = ""
        if isinstance(source, FileSlice) and source.path.parent != Path(self._scratch):
            where = f" ({printable(str(source.path))})"
        said = f"{self._path}: the picture of row '{brief(key)}'{where} is {status}"
        if status in (Status.MISSING, Status.OUTSIDE, Status.EMPTY) and self._missing == RAISE:
            raise CurateError(
                f"{said}; its paths start from {self._manifest.root}, name another folder with"
                f" root=, or replace missing pictures by black ones of weight 0 with"
                f" missing={WARN!r}."
            )
        info = get_worker_info()
        own = self._unreadable[0 if info is None else 1 + info.id % WORKERS]
        if not own:
            warnings.warn(
                f"{said}: it is black and weighs 0, as will any other; unreadable counts them.",
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


def _remove(folder: str, process: int) -> None:
    """Remove a folder, but not from a worker that was forked."""
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
