"""What the cache of objects costs: bringing objects into it, beside a bare sequential read of them.

AWS_ENDPOINT_URL=... python -m benchmarks.store_reading s3://BUCKET/FOLDER

The bucket must exist. `benchmarks/swift.sh` starts a server on this computer.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from curate.store.mirror import bring_all, look_in, open_store
from curate.store.urls import CACHE, Place, as_path, path_of, place_of

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def store_reading(
    folder: Annotated[str, typer.Argument(help="URL of a folder to write to.")],
    large: Annotated[int, typer.Option(help="Objects of 128 MiB.")] = 4,
    small: Annotated[int, typer.Option(help="Objects of 10 kB.")] = 500,
    repeat: Annotated[int, typer.Option(help="Rounds, each of one and the other.")] = 3,
) -> None:
    """Print seconds of both, alternately, and how much of the bare rate is kept."""
    table = Table(box=box.MARKDOWN)
    for heading in ("objects", "bare read: seconds", "into the cache: seconds", "rate kept"):
        table.add_column(heading, justify="right")
    place = place_of(as_path(folder))
    assert place is not None
    for title, count, size in (("128 MiB", large, 128 << 20), ("10 kB", small, 10_000)):
        keys = _write(place._replace(key=f"{place.key}/{size}"), count, size)
        for _ in range(repeat):
            bare, cached = _timed(_read, place, keys), _timed(_bring, place, keys)
            row = f"{count} of {title}", f"{bare:.1f}", f"{cached:.1f}", f"{bare / cached:.2f}"
            table.add_row(*row)
    Console(width=100).print(table)


def _write(below: Place, count: int, size: int) -> list[str]:
    """Write objects named as pictures; of others the cache also asks when they were made."""
    store = open_store(below.scheme, below.bucket)
    keys = [f"{below.key}/{number}.jpg" for number in range(count)]
    for key in keys:
        store.write(key, os.urandom(size))
    return keys


def _timed(read: Callable[[Place, Sequence[str]], None], place: Place, keys: list[str]) -> float:
    with tempfile.TemporaryDirectory() as cache:
        os.environ[CACHE] = cache
        start = time.perf_counter()
        read(place, keys)
        return time.perf_counter() - start


def _read(place: Place, keys: Sequence[str]) -> None:
    """Read whole objects, each by one request, one after another, and drop them."""
    store = open_store(place.scheme, place.bucket)
    for key in keys:
        store.read(key, most=sys.maxsize)


def _bring(place: Place, keys: Sequence[str]) -> None:
    """List and fetch the same objects, onto the disk."""
    look_in(path_of(place._replace(key=str(Path(keys[0]).parent))))
    bring_all(path_of(place._replace(key=key)) for key in keys)


if __name__ == "__main__":
    app()
