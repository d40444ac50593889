"""Open the engine that the user named."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from curate.cluster.size import WantedSize
from curate.errors import CurateError
from curate.options.engine import EngineOptions
from curate.store.engine import HERE, Engine
from curate.store.urls import cache_folder, is_remote


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


def shared_home(options: EngineOptions, out: Path) -> Path | None:
    """Choose where all workers see what lies there for a while: beside an output.

    None where this process works alone: TMPDIR will do.
    """
    if options.is_local:
        return None
    return cache_folder() if is_remote(out) else out.absolute().parent
