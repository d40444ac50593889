"""What each worker has for itself, by what nodes have."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from curate.errors import CurateError

Resources = Mapping[str, float]
"""CPU and GPU of a node; those that it has not may be absent."""


@dataclass(frozen=True)
class Size:
    """Processors and GPUs of a worker."""

    cpus: float
    gpus: float

    def workers(self, nodes: Iterable[Resources]) -> int:
        """Count the workers for which nodes have room."""
        return sum(map(self._workers, nodes))

    def no_room(self) -> CurateError:
        """Say that no node has room for a worker now."""
        return CurateError(
            f"no node of the Ray cluster has {self.cpus:g} processors and {self.gpus:g} GPUs free"
            " for a worker; look at `ray status`, end what else runs there, or ask for less with"
            " --cpus-per-task and --gpus-per-task."
        )

    def _workers(self, node: Resources) -> int:
        room = node.get("CPU", 0) / self.cpus
        return int(min(room, node.get("GPU", 0) / self.gpus) if self.gpus else room)


@dataclass(frozen=True)
class WantedSize:
    """What the user asked for; None where the nodes decide."""

    cpus: int | None
    gpus: float | None

    def on(self, nodes: Iterable[Resources], gpu: bool) -> Size:
        """Choose the size; ``gpu`` says that the work computes on a GPU where there is one.

        A worker has one processor, or one GPU and its share of the processors beside it.
        """
        nodes = list(nodes)
        any_gpu = any(node.get("GPU", 0) for node in nodes)
        gpus = 0.0 if not gpu else float(any_gpu) if self.gpus is None else self.gpus
        shares = [
            node.get("CPU", 0) * gpus / node["GPU"]
            for node in nodes
            if gpus and node.get("GPU", 0) >= gpus
        ]
        return Size(self.cpus or max(1, int(min(shares, default=1))), gpus)
