"""Stored features of a run: those of one encoder, or of several side by side."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.crawl.external_features import EXTERNAL, External
from curate.crawl.picture_states import States, file_column
from curate.images.picture_hash import Hashes
from curate.images.status import Status
from curate.store.folders import Folders
from curate.store.step import Made
from prototypes.engine.blocks import in_single

BLOCK_ROWS = 8_192
FLOAT32 = np.finfo(np.float32)
Features = NDArray[np.float16]
HASHES = "hashes"
"""The file of a shard's hashes of pictures; none for features that were not made from pictures."""


@dataclass(frozen=True)
class StoredFeatures:
    """Shards of unit-length features, one store for each encoder.

    A shard's features lie in its folder or, where they were in the right form already, in the
    user's file (see `External`).

    In a row, the features of each encoder have the same length, so that the adapted space decides
    how much each encoder counts. A row has features if all encoders have; otherwise it is zeros.
    """

    parts: tuple[Folders, ...]
    _has_features: dict[str, NDArray[np.bool_]] = field(default_factory=dict, compare=False)
    """By shard; kept in memory (a byte a row), because every pass needs it."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as places; another process has one object for them."""
        return _reopened, self.parts

    def statuses(self, shard: str) -> pl.Series:
        """Give the status of each row: ok, or that of the first encoder without features."""
        columns = [part.table(shard, "rows")["status"] for part in self.parts]
        return reduce(lambda first, second: first.zip_with(first != Status.OK, second), columns)

    def has_features(self, shard: str) -> NDArray[np.bool_]:
        """Tell which rows of the shard (n,) have features."""
        if shard not in self._has_features:
            self._has_features[shard] = (self.statuses(shard) == Status.OK).to_numpy()
        return self._has_features[shard]

    def check_files(self, shard: str) -> None:
        """Raise FileNotFoundError where features are gone from the run folder.

        Raises CurateError where the user's file is not what it was.
        """
        for part in self.parts:
            external = _external(part, shard)
            if external is None:
                part.require_file(shard, "features.npy")
            else:
                external.found(part.root)

    def blocks(self, shard: str) -> Iterator[Features]:
        """Give the shard's features (n, D), ``BLOCK_ROWS`` rows at a time."""
        arrays = [_features(part, shard) for part in self.parts]
        has_features = self.has_features(shard)
        for start in range(0, len(has_features), BLOCK_ROWS):
            rows = slice(start, start + BLOCK_ROWS)
            yield _side_by_side([array[rows] for array in arrays], has_features[rows])

    def as_floats(self, block: NDArray[Any]) -> NDArray[np.float32]:
        """Return rows of a block in single precision."""
        return in_single(block)

    def rows(self, shard: str, rows: NDArray[np.int64]) -> Features:
        """Give the features (n, D) of some rows of the shard."""
        has_features = self.has_features(shard)[rows]
        return _side_by_side([_features(part, shard)[rows] for part in self.parts], has_features)

    def columns(self, part: int, shard: str) -> tuple[int, int]:
        """Return the first column of a part's features, and the one after its last."""
        widths = [int(_features(store, shard).shape[1]) for store in self.parts]
        return sum(widths[:part]), sum(widths[: part + 1])

    def hashes(self, shard: str) -> Hashes | None:
        """Map the hashes of the shard's pictures (n,); None where no encoder made any."""
        found = (kept_hashes(part, shard) for part in self.parts)
        return next((hashes for hashes in found if hashes is not None), None)

    def contents(self, shard: str) -> list[object]:
        """Identify the shard's features by hashes: of its files, and of its external rows.

        The hashes depend neither on the folder nor on the time.
        """
        receipts = [part.receipt(shard) for part in self.parts]
        return [
            [receipt["sha256"], receipt.get(EXTERNAL, {}).get("sha256")] for receipt in receipts
        ]


_opened: dict[tuple[Folders, ...], StoredFeatures] = {}
"""Those that came from another process."""


def _reopened(*parts: Folders) -> StoredFeatures:
    return _opened.setdefault(parts, StoredFeatures(parts))


def kept_hashes(store: Folders, shard: str) -> Hashes | None:
    """Map the hashes of a shard's pictures (n,); None where there are none."""
    has_any = f"{HASHES}.npy" in store.receipt(shard)["sha256"]
    return store.array(shard, HASHES) if has_any else None


def _features(store: Folders, shard: str) -> Features:
    external = _external(store, shard)
    return (
        store.array(shard, "features")
        if external is None
        else external.features(store.root, store.checked)
    )


def _external(store: Folders, shard: str) -> External | None:
    noted = store.receipt(shard).get(EXTERNAL)
    return None if noted is None else External(**noted)


def _side_by_side(features: list[Features], has_features: NDArray[np.bool_]) -> Features:
    if len(features) == 1:
        return features[0]
    joined = np.concatenate(features, axis=1)
    joined[~has_features] = 0
    return joined


def made_features(
    features: NDArray[np.float16],
    statuses: NDArray[np.object_],
    hashes: Hashes | None = None,
    files: States | None = None,
) -> Made:
    """Keep unit-length features (n, D), why rows have none (n,), and what pictures were.

    Of these, hashes (n,) where there are any, and the states of their files.
    """
    rows = _status_table(statuses).with_columns(file_column(files))
    hashed = {} if hashes is None else {HASHES: hashes}
    return Made({"features": features, "rows": rows, **hashed})


def made_external(external: External, statuses: NDArray[np.object_]) -> Made:
    """Keep where the features of a shard are, and why rows have none (n,)."""
    return Made({"rows": _status_table(statuses)}, {EXTERNAL: vars(external)})


def unit_halves(features: NDArray[np.float32]) -> tuple[NDArray[np.float16], NDArray[np.bool_]]:
    """Scale rows (n, D) to length one, in half precision, and tell which are finite (n,).

    Rows of zeros stay zeros, and those that are not finite become zeros.
    """
    finite = np.asarray(np.isfinite(features).all(axis=1))
    if not finite.all():
        features = np.where(finite[:, None], features, np.float32(0))
    norms = np.sqrt(np.einsum("ij,ij->i", features, features, dtype=np.float64))
    norms = np.clip(norms, FLOAT32.tiny, FLOAT32.max).astype(np.float32)
    return (features / norms[:, None]).astype(np.float16), finite


def _status_table(statuses: NDArray[np.object_]) -> pl.DataFrame:
    return pl.DataFrame({"status": statuses.tolist()}, schema={"status": pl.String})
