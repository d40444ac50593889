"""The options of `curate demo`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from curate.errors import CurateError
from curate.options import shared
from curate.store.urls import as_path, is_remote


@dataclass(frozen=True)
class DemoOptions:
    """The options of `curate demo`."""

    folder: Annotated[Path, typer.Argument(help="Where the crawl is drawn.")] = Path("demo")
    rows: Annotated[int, typer.Option(min=120, help="How many pictures.")] = 1200
    seed: shared.Seed = 0

    def __post_init__(self) -> None:
        if is_remote(as_path(self.folder)):
            raise CurateError(
                f"{as_path(self.folder)}: the demo is drawn on this computer; name a folder here."
            )
