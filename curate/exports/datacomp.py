"""DataComp: the sorted array of uids that its resharder takes as a subset."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.errors import CurateError
from curate.exports.check import Row
from curate.exports.format import Format, InOrder, Read
from curate.exports.job import Batch, Job, Write
from curate.store.arrays import write_array

UID = re.compile(r"[0-9a-fA-F]{32}")
UIDS = np.dtype("u8,u8")
"""A uid's upper and lower 64 bits."""


@contextmanager
def write(job: Job, path: Path) -> Iterator[Write]:
    """Write a .npy of UIDS (n,), ascending; 16 bytes a row are held in memory."""
    uids = np.empty(job.rows, UIDS)
    at = 0

    def add(batch: Batch) -> None:
        nonlocal at
        uids[at : at + len(batch.rows)] = _uids(job, batch)
        at += len(batch.rows)

    yield add
    uids.sort()
    with path.open("wb") as file:
        write_array(file, uids)


def _uids(job: Job, batch: Batch) -> NDArray[np.void]:
    for row, key in batch.rows.select("row", "key").iter_rows():
        if not UID.fullmatch(key):
            raise CurateError(
                f"--to datacomp: row {row + 1} of {job.weighted.path} has the key '{key}', and a"
                " uid of DataComp is 32 hexadecimal digits; name the column of uids with --key."
            )
    pairs = [(int(key[:16], 16), int(key[16:], 16)) for key in batch.rows["key"]]
    return np.array(pairs, UIDS)


def read(_: Job, path: Path) -> Read:
    """Map the array and read it in pieces."""
    return "numpy", _read(path)


def _read(path: Path) -> Iterator[Row]:
    uids = np.load(path, mmap_mode="r", allow_pickle=False)
    last = None
    for upper, lower in uids:
        if last is not None and (upper, lower) < last:
            raise CurateError(f"{path} is not sorted; please report it.")
        last = (upper, lower)
        yield Row(f"{upper:016x}{lower:016x}")


def rows(_: Job, batch: Batch) -> Iterator[Row]:
    """Give the uids."""
    yield from (Row(key.lower()) for key in batch.rows["key"])


FORMAT = Format(
    InOrder(write, read), lists=True, endings=(".npy",), columns={"uid": "key"}, rows=rows
)
