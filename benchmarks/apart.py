"""Running a method in a process of its own, so that its time and memory are its own."""

import contextlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from benchmarks.methods import Judgement, Task
from curate.errors import CurateError

ROOT = Path(__file__).parent.parent
THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")
SAMPLED_EVERY = 0.05
TIMES = "times.json"
"""What benchmarks.weigh leaves in a task's folder."""


@dataclass(frozen=True)
class Cost:
    """What a method took."""

    seconds: float
    """From features on disk to scores; without the interpreter's start and imports."""
    cpu_seconds: float
    """The same in seconds of processor, which other work on the machine changes little."""
    peak_bytes: int
    """Most resident bytes of the process and its children, mapped files included."""
    gpu_bytes: int = 0
    """Most that torch has taken of a GPU's memory."""


def run_apart(method: str, task: Task, threads: int) -> tuple[Judgement, Cost]:
    """Run a method on at most ``threads`` threads; raises CurateError when it fails."""
    peak = _run(["benchmarks.methods", method, str(task.folder), task.graph], threads)
    with np.load(task.folder / f"{method}.npz", allow_pickle=False) as said:
        scores = {name[6:]: said[name] for name in said.files if name.startswith("score:")}
        judgement = Judgement(scores, said["flag"], float(said["noise"]))
        return judgement, Cost(float(said["seconds"]), float(said["cpu_seconds"]), peak)


def weigh_apart(task: Task, threads: int, device: str) -> Cost:
    """Weigh a task's crawl, as far as the file of weights and no further."""
    peak = _run(["benchmarks.weigh", str(task.folder), task.graph, device], threads)
    return Cost(**json.loads((task.folder / TIMES).read_text()), peak_bytes=peak)


def _run(module: list[str], threads: int) -> int:
    """Run a module on at most so many threads; return its most memory."""
    limits = dict.fromkeys(THREAD_LIMITS, str(threads))
    command = [sys.executable, "-m", *module]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **limits})
    peak = _watch(process)
    if process.returncode:
        raise CurateError(f"{module[0]} failed with exit code {process.returncode}; see above.")
    return peak


def _watch(process: subprocess.Popen[bytes]) -> int:
    """Wait for a process; return the most memory that was seen in use."""
    peak, watched = 0, psutil.Process(process.pid)
    while process.poll() is None:
        with contextlib.suppress(psutil.Error):
            family = [watched, *watched.children(recursive=True)]
            peak = max(peak, sum(one.memory_info().rss for one in family))
        time.sleep(SAMPLED_EVERY)
    return peak
