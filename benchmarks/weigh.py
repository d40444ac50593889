"""`curate weight`, timed without imports: python -m benchmarks.weigh FOLDER GRAPH DEVICE."""

import json
import sys
import time
from pathlib import Path

from benchmarks.apart import TIMES
from benchmarks.methods import Task
from benchmarks.methods.curate import weigh_task
from graphs import nltk_wordnet  # noqa: F401 - imported before the clock starts

folder, graph, device = Path(sys.argv[1]), *sys.argv[2:]
start, cpu_start = time.perf_counter(), time.process_time()
weigh_task(Task(folder, graph), device=device)
times: dict[str, float] = {
    "seconds": time.perf_counter() - start,
    "cpu_seconds": time.process_time() - cpu_start,
}
if device == "cuda":
    import torch

    times["gpu_bytes"] = torch.cuda.max_memory_reserved()
(folder / TIMES).write_text(json.dumps(times))
