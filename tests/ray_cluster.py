"""A real Ray of two nodes on this machine, one of which can be killed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NODE: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 80 * 2**20}


@contextmanager
def two_nodes() -> Iterator[Any]:
    """Start it, each node with one processor and this process's environment."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_raylet_start_wait_time_s", "120")
        patch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))
        nodes = Cluster(initialize_head=True, head_node_args=NODE | {"include_dashboard": False})
        nodes.add_node(**NODE)
        nodes.wait_for_nodes()
        yield nodes
        nodes.shutdown()


def kill_second(cluster: Any) -> None:
    """Kill the second node, as kill -9 does."""
    (node,) = cluster.worker_nodes
    cluster.remove_node(node, allow_graceful=False)


def on(cluster: Any) -> tuple[str, str]:
    """Say that its nodes do the work."""
    return "--engine", f"ray:{cluster.address}"
