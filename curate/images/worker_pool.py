"""How a pool of worker processes starts and ends."""

import os
import tempfile

from pebble import ProcessPool

from curate.errors import CurateError
from curate.images.slots import Slots, attach
from curate.images.worker_process import worker_context

LONGEST_SCRATCH = 75
"""Bytes: a socket's name may have 107, and multiprocessing adds 32."""


def start_pool(workers: int, slots: Slots, preload: str) -> ProcessPool:
    """Start workers that share ``slots``; ``preload``, a module, is imported once for all of them.

    Raises CurateError if TMPDIR is too long for them.
    """
    _check_scratch()
    return ProcessPool(
        max_workers=workers,
        context=worker_context(preload),
        initializer=attach,
        initargs=(slots.path,),
    )


def end_pool(pool: ProcessPool) -> None:
    """Stop the workers, and wait until they are gone."""
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def _check_scratch() -> None:
    """Raise CurateError if the names of the workers' sockets would be too long."""
    folder = tempfile.gettempdir()
    if len(os.fsencode(folder)) > LONGEST_SCRATCH:
        raise CurateError(
            f"TMPDIR is {folder}, and decoders talk through sockets whose names may have"
            f" {LONGEST_SCRATCH} bytes before them at most; set TMPDIR to a shorter folder."
        )
