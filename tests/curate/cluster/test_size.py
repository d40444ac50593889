"""How many workers a cluster has room for, and what each has."""

import pytest

from curate.cluster.size import Resources, Size, WantedSize

PLAIN: Resources = {"CPU": 8, "memory": 1e9}
GPUS: Resources = {"CPU": 64, "GPU": 8}
HALF: Resources = {"CPU": 16, "GPU": 4}


@pytest.mark.parametrize(
    ("wanted", "nodes", "gpu", "size", "workers"),
    [
        (WantedSize(None, None), [PLAIN, PLAIN], False, Size(1, 0), 16),
        (WantedSize(3, None), [PLAIN, PLAIN], False, Size(3, 0), 4),
        (WantedSize(None, None), [PLAIN], True, Size(1, 0), 8),
        (WantedSize(None, None), [PLAIN, GPUS], True, Size(8, 1), 8),
        (WantedSize(None, None), [HALF, GPUS], True, Size(4, 1), 12),
        (WantedSize(None, None), [HALF, GPUS], False, Size(1, 0), 80),
        (WantedSize(None, 0.5), [HALF], True, Size(2, 0.5), 8),
        (WantedSize(9, 1), [HALF], True, Size(9, 1), 1),
        (WantedSize(17, 1), [HALF], True, Size(17, 1), 0),
        (WantedSize(None, None), [], True, Size(1, 0), 0),
    ],
)
def test_sizes(
    wanted: WantedSize, nodes: list[Resources], gpu: bool, size: Size, workers: int
) -> None:
    assert wanted.on(nodes, gpu) == size
    assert size.workers(nodes) == workers
