"""Decoding processes that are killed while `curate weight` runs."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl

from tests.crawls import png


def crawl(path: Path, rows: int) -> None:
    rng = np.random.default_rng(0)
    pictures = []
    for row in range(rows):
        values = rng.integers(0, 120, (48, 48, 3))
        values[..., row % 2] += 120
        pictures.append(png(values))
    labels = [("cat", "dog")[row % 2] for row in range(rows)]
    pl.DataFrame({"image": pictures, "label": labels}).write_parquet(path)


def decoding_processes(parent: int) -> list[int]:
    """Find the workers: children of the server that forks them, which is the run's child."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(stat[1])
    return [child for child, of in parents.items() if parents.get(of) == parent]


def test_a_run_whose_decoders_are_killed_loses_no_picture(tmp_path: Path) -> None:
    manifest, out = tmp_path / "crawl.parquet", tmp_path / "out.parquet"
    crawl(manifest, 3000)
    command = [sys.executable, "-c", "import cli; cli.main()", "weight", manifest, "--out", out,
               "--encoder", "embedded", "--graph", "none", "--workers", "2"]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as run:
        kills = 0
        while run.poll() is None and kills < 6:
            for worker in decoding_processes(run.pid)[:1]:
                with contextlib.suppress(ProcessLookupError):  # it ended after it was found
                    os.kill(worker, signal.SIGKILL)
                    kills += 1
            time.sleep(0.1)
        _, messages = run.communicate(timeout=120)
    assert run.returncode == 0, messages.decode()
    assert set(pl.read_parquet(out)["status"]) == {"ok"}
    if kills > 2:
        assert b"were killed or crashed" in messages
