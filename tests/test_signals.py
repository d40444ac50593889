"""A run that is told to stop stops at once, leaves nothing half done, and goes on later."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

ROOT = Path(__file__).parent.parent
WAITING = """
import signal, sys, time
{before}
import cli
from curate.store.folders import Folders

write = Folders.write
def waiting(self, name, *args, **facts):
    write(self, name, *args, **facts)
    if self.root.parent.name == "features" and len(list(self.root.iterdir())) == 2:
        print("WAITING", flush=True)
        time.sleep(60)
Folders.write = waiting
cli.main()
"""


@pytest.fixture
def crawl(tmp_path: Path) -> Path:
    """Four tables, each a shard, of ten pictures."""
    rng = np.random.default_rng(0)
    (tmp_path / "crawl").mkdir()
    for part in range(4):
        for row in range(10):
            pixels = rng.integers(0, 60, (16, 16, 3)) + 40
            pixels[..., row % 2] += 120
            Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / f"{part}-{row}.png")
        images = [f"{part}-{row}.png" for row in range(10)]
        pl.DataFrame({"image": images, "label": ["ant", "bee"] * 5}).write_parquet(
            tmp_path / "crawl" / f"{part}.parquet"
        )
    return tmp_path / "crawl"


def line(code: str, crawl: Path) -> list[str]:
    return [sys.executable, "-c", code, "weight", str(crawl), "--root", str(crawl.parent),
            "--out", str(crawl.parent / "w.parquet"), "--run-dir", str(crawl.parent / "run"),
            "--encoder", "embedded", "--graph", "none", "--workers", "2"]  # fmt: skip


def heeded() -> None:
    """Heed signals also where tests run in the background or under nohup, which ignore some."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def start(crawl: Path, before: str = "") -> subprocess.Popen[str]:
    """Start a run, and give it when it has two shards and waits."""
    process = subprocess.Popen(
        line(WAITING.format(before=before), crawl), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, start_new_session=True,
        preexec_fn=heeded,
    )  # fmt: skip
    assert process.stdout is not None and process.stdout.readline() == "WAITING\n"
    return process


def of_session(leader: int) -> list[int]:
    """List the processes that a run has started and that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def wait_for_all(leader: int) -> None:
    """Wait until no process of a run is left: the last notice a moment later that it is over."""
    end = time.monotonic() + 60
    while of_session(leader):
        assert time.monotonic() < end, "processes are left"
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_run_and_the_next_goes_on(crawl: Path, number: signal.Signals) -> None:
    process = start(crawl)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "Stopped; the same command continues from there." in said
    assert "Traceback" not in said
    assert not (crawl.parent / "w.parquet").exists()
    assert list(crawl.parent.rglob(".unfinished-*")) == []
    wait_for_all(process.pid)

    kept = sorted(crawl.parent.glob("run/features/*/*/receipt.json"))
    times = [file.stat().st_mtime_ns for file in kept]
    assert len(kept) == 2
    done = subprocess.run(line("import cli; cli.main()", crawl), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [file.stat().st_mtime_ns for file in kept] == times
    assert len(pl.read_parquet(crawl.parent / "w.parquet")) == 40


def test_a_hangup_that_is_ignored_stays_ignored(crawl: Path) -> None:
    process = start(crawl, "signal.signal(signal.SIGHUP, signal.SIG_IGN)")
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
