"""One method in a process of its own: python -m benchmarks.methods METHOD FOLDER GRAPH."""

import sys
import time
from importlib import import_module
from pathlib import Path

import numpy as np

from benchmarks.methods import Task

name, folder, graph = sys.argv[1:]
judge = import_module(f"benchmarks.methods.{name}").judge
start, cpu_start = time.perf_counter(), time.process_time()
judgement = judge(Task(Path(folder), graph))
seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
np.savez(
    Path(folder) / f"{name}.npz",
    **{f"score:{score}": values for score, values in judgement.scores.items()},
    flag=judgement.flag,
    noise=judgement.noise,
    seconds=seconds,
    cpu_seconds=cpu_seconds,
)
