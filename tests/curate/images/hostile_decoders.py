"""Decoders that misbehave on certain bytes; a module, so that worker processes can import it."""

import os
import signal
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.images.preprocess import Preprocess


def flat_picture(data: bytes, preprocess: Preprocess) -> NDArray[np.uint8]:
    """Paint all of the picture in the first byte; misbehave if a word asks for it."""
    if data == b"die":
        os.kill(os.getpid(), signal.SIGKILL)
    if data.startswith(b"kill four times ") and counted(data[16:]) <= 4:
        os.kill(os.getpid(), signal.SIGKILL)
    if data.startswith(b"abort "):
        counted(data[6:])
        os.abort()
    if data.startswith(b"wait for "):
        while not Path(os.fsdecode(data[9:])).exists():
            time.sleep(0.01)
    if data == b"hang":
        time.sleep(600)
    if data == b"devour":
        bytearray(2**40)
    return np.full((preprocess.size, preprocess.size, 3), data[0], np.uint8)


def counted(path: bytes) -> int:
    """Count how often this was called, in a file."""
    with Path(os.fsdecode(path)).open("ab") as file:
        file.write(b".")
        return file.tell()
