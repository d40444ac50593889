"""Nodes work on a crawl in an object store: the same bytes as here, also where one is killed."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.crawls import done
from tests.object_store import BUCKET, ObjectStore
from tests.ray_cluster import kill_second, on, two_nodes
from tests.test_stores import OPTIONS, in_tars, upload

pytestmark = pytest.mark.filterwarnings("default")
PICTURES = ("--encoder", "embedded", "--workers", 1, "--device", "cpu", *OPTIONS)
EXPORT = ("--to", "webdataset", "--keep", "all", "--rows-per-shard", 7)
PATIENCE = 120.0


@pytest.fixture(scope="module")
def cluster(server: ObjectStore) -> Iterator[Any]:
    """Start nodes that know where the store is."""
    with two_nodes() as nodes:
        yield nodes


def kill_one(cluster: Any, server: ObjectStore, prefix: str) -> None:
    """Kill a node once a shard's features are in the store."""
    latest = time.monotonic() + PATIENCE
    while not any("/features/" in key and "receipt" in key for key in server.keys(prefix)):
        assert time.monotonic() < latest
        time.sleep(0.05)
    kill_second(cluster)


def test_a_killed_node_changes_no_byte_in_a_store(
    cluster: Any, server: ObjectStore, home: Path
) -> None:
    crawl = in_tars(home / "crawl")
    url = upload(server, home, "nodes")
    done("weight", crawl, *PICTURES)
    with ThreadPoolExecutor(1) as beside:
        killing = beside.submit(kill_one, cluster, server, "nodes/")
        done("weight", f"{url}/crawl", *PICTURES, *on(cluster))
        killing.result()
    weighted = "crawl.weighted.parquet"
    assert server.get(f"nodes/{weighted}") == Path(weighted).read_bytes()
    done("export", weighted, *EXPORT, "--out", "tars")
    out = f"s3://{BUCKET}/nodes/tars"
    done("export", f"{url}/{weighted}", *EXPORT, "--out", out, *on(cluster))
    tars = {file.name: file.read_bytes() for file in Path("tars").glob("*.tar")}
    sent = [key for key in server.keys("nodes/tars/") if key.endswith(".tar")]
    assert {Path(key).name: server.get(key) for key in sent} == tars
