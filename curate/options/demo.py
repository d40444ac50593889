"""The options of `curate demo`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from curate.options import shared


@dataclass(frozen=True)
class DemoOptions:
    """The options of `curate demo`."""

    folder: Annotated[Path, typer.Argument(help="Where the crawl is drawn.")] = Path("demo")
    rows: Annotated[int, typer.Option(min=120, help="How many pictures.")] = 1200
    seed: shared.Seed = 0
