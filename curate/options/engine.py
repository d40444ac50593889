"""The options that say where the shards of a crawl are worked on."""

from dataclasses import dataclass

from curate.errors import CurateError

LOCAL, RAY = "local", "ray"


@dataclass(frozen=True)
class EngineOptions:
    """Who runs shards; raises CurateError for what no engine can be asked for."""

    engine: str = LOCAL
    cpus: int | None = None
    """Processors of each worker."""
    gpus: float | None = None
    """GPUs of each worker that computes on them; a share below 1 lets several have one."""

    def __post_init__(self) -> None:
        name, colon, address = self.engine.partition(":")
        if name not in (LOCAL, RAY) or (colon and (name == LOCAL or not address)):
            raise CurateError(
                f"--engine {self.engine}: it must be local, ray (the cluster of this machine or of"
                " RAY_ADDRESS) or ray:HOST:PORT."
            )
        for option, value in (("--cpus-per-task", self.cpus), ("--gpus-per-task", self.gpus)):
            if value is not None and self.is_local:
                raise CurateError(f"{option} {value:g} is for --engine ray; leave it out.")
        if self.cpus is not None and self.cpus < 1:
            raise CurateError(f"--cpus-per-task {self.cpus}: a worker has one processor at least.")
        whole = self.gpus is None or self.gpus == int(self.gpus)
        if self.gpus is not None and (self.gpus < 0 or not (whole or self.gpus < 1)):
            raise CurateError(
                f"--gpus-per-task {self.gpus:g}: it must be a share below 1, or a whole number."
            )

    @property
    def is_local(self) -> bool:
        """Whether this process works alone."""
        return self.engine == LOCAL

    @property
    def address(self) -> str | None:
        """Where the cluster is; None: here, or where RAY_ADDRESS says."""
        return self.engine.partition(":")[2] or None
