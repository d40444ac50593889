"""Open the engine that the user named."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from curate.cluster.size import WantedSize
from curate.errors import CurateError
from curate.options.engine import EngineOptions
from curate.store.engine import HERE, Engine


@contextmanager
def open_engine(options: EngineOptions, console: Console) -> Iterator[Engine]:
    """Give what runs shards; raises CurateError where Ray or its cluster is not there."""
    if options.is_local:
        yield HERE
        return
    try:
        from curate.cluster.on_ray import on_ray
    except ImportError as error:
        raise CurateError(
            f"--engine {options.engine}: Ray is not installed ({error}); install it on all nodes"
            ' with `pip install "curate-labels[ray]"`, or use --engine local.'
        ) from error
    wanted = WantedSize(options.cpus, options.gpus)
    with on_ray(options.address, wanted, console) as engine:
        yield engine
