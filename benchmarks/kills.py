"""A crawl in a bucket, weighed by Ray while a node or the driver is killed: which bytes come out.

The bucket is one of moto's server. Ray has two nodes; the driver is killed again and again.

python -m benchmarks.kills tinyweb.parquet --rows 6000 --kills 10
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer
from rich.console import Console

from tests.object_store import BUCKET, ObjectStore, object_store

OPTIONS = ("--encoder", "embedded", "--workers", "1", "--device", "cpu", "--graph", "none")
NODE: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 80 * 2**20}
PAUSE = 0.1
"""Seconds between two looks at the run folder."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
console = Console(width=120)


@app.command()
def kills(
    crawl: Annotated[Path, typer.Argument(help="Parquet with pictures and labels.")],
    rows: Annotated[int, typer.Option(help="Drawn from it.")] = 6_000,
    parts: Annotated[int, typer.Option(help="Parquet files of the crawl in the bucket.")] = 8,
    kills: Annotated[int, typer.Option(help="Of the driver.")] = 10,
    objects: Annotated[int, typer.Option(help="New in the run folder before each kill.")] = 4,
) -> None:
    """Print whether every output has the bytes of the local run."""
    with tempfile.TemporaryDirectory() as name, object_store(Path(name, "cache")) as store:
        folder = Path(name)
        _write_parts(pl.read_parquet(crawl).sample(rows, seed=1), folder / "crawl", parts)
        for run in ("url", "node", "driver"):
            for part in (folder / "crawl").iterdir():
                store.put(f"{run}/crawl/{part.name}", part)
        subprocess.run(_weigh(str(folder)), check=True)
        local = (folder / "out.parquet").read_bytes()
        subprocess.run(_weigh(f"s3://{BUCKET}/url"), check=True)
        _compare("in the bucket", store, "url", local)
        _on_ray(folder, store, local, kills, objects)


def _on_ray(folder: Path, store: ObjectStore, local: bytes, kills: int, objects: int) -> None:
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args=NODE | {"include_dashboard": False})
    _add_node(cluster, folder / "second")
    engine = ("--engine", f"ray:{cluster.address}")
    driver = subprocess.Popen(_weigh(f"s3://{BUCKET}/node", *engine))
    _wait_for(lambda: _count(store, "node") >= objects, driver)
    cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
    driver.wait()
    _compare("a node killed", store, "node", local)
    _add_node(cluster, folder / "third")
    command = _weigh(f"s3://{BUCKET}/driver", *engine)
    done = sum(_killed(command, store, objects) for _ in range(kills))
    subprocess.run(_weigh(f"s3://{BUCKET}/driver", *engine, "--overwrite"), check=True)
    _compare(f"the driver killed {done} times", store, "driver", local)
    cluster.shutdown()  # type: ignore[no-untyped-call]


def _write_parts(table: pl.DataFrame, folder: Path, parts: int) -> None:
    folder.mkdir()
    for number in range(parts):
        start, stop = (each * len(table) // parts for each in (number, number + 1))
        table[start:stop].write_parquet(folder / f"{number}.parquet")


def _weigh(place: str, *more: str) -> list[str]:
    given = (f"{place}/crawl", "--out", f"{place}/out.parquet", "--run-dir", f"{place}/run")
    return [sys.executable, "-m", "curate", "weight", *given, *OPTIONS, "--quiet", *more]


def _add_node(cluster: Any, cache: Path) -> None:
    """Start a node with a cache of its own."""
    before = os.environ["CURATE_CACHE_DIR"]
    os.environ["CURATE_CACHE_DIR"] = str(cache)
    cluster.add_node(**NODE)
    cluster.wait_for_nodes()
    os.environ["CURATE_CACHE_DIR"] = before


def _killed(command: list[str], store: ObjectStore, objects: int) -> bool:
    """Start the driver, and kill it once it wrote something; False if it was faster."""
    before = _count(store, "driver")
    driver = subprocess.Popen(command)
    _wait_for(lambda: _count(store, "driver") >= before + objects, driver)
    driver.send_signal(signal.SIGKILL)
    return driver.wait() == -signal.SIGKILL


def _count(store: ObjectStore, run: str) -> int:
    return len(store.keys(f"{run}/run/"))


def _wait_for(there: Callable[[], bool], driver: subprocess.Popen[bytes]) -> None:
    while driver.poll() is None and not there():
        time.sleep(PAUSE)


def _compare(title: str, store: ObjectStore, run: str, local: bytes) -> None:
    same = store.get(f"{run}/out.parquet") == local
    console.print(f"{title}: {'the same' if same else 'OTHER'} bytes")


if __name__ == "__main__":
    app()
