"""The options of `curate report`, checked at the door."""

from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated

import typer

from curate.errors import CurateError
from curate.options import shared
from curate.options.columns import ColumnOptions
from curate.options.engine import LOCAL, EngineOptions
from curate.options.pages import check_page
from curate.options.paths import OptionalPath, OptionalTable, RequiredPath
from curate.options.weighted import WeightedOptions


@dataclass(frozen=True)
class ReportOptions:
    """The options of `curate report`; raises CurateError for values that cannot be used."""

    weighted: shared.WeightedPath = RequiredPath()
    _: KW_ONLY
    out: Annotated[
        OptionalPath,
        typer.Option(
            "--out", "-o", help="The page: an .html. Default: WEIGHTED.html.", show_default=False
        ),
    ] = OptionalPath()
    title: Annotated[
        str | None,
        typer.Option(help="What stands above it. Default: the file's name.", show_default=False),
    ] = None
    limit: Annotated[
        int, typer.Option(help="Suspects of a class; fewer where there are many classes.")
    ] = 12
    verified: shared.AlsoVerified = OptionalTable()
    image: shared.Image = None
    label: shared.Label = None
    key: shared.KeyColumn = None
    caption: shared.Caption = None
    root: shared.Root = OptionalPath()
    prefix: shared.Prefix = None
    run_dir: shared.FoundRun = OptionalPath()
    engine: shared.Engine = LOCAL
    cpus_per_task: shared.CpusPerTask = None
    overwrite: shared.Overwrite = False

    def __post_init__(self) -> None:
        _ = self.engine_options  # checks itself as it is made
        if self.limit < 1:
            raise CurateError(f"--limit {self.limit}: at least one suspect of a class is shown.")
        check_page(self.output, "--out", self.overwrite)

    @property
    def engine_options(self) -> EngineOptions:
        """The part that says who draws pictures."""
        return EngineOptions(self.engine, self.cpus_per_task)

    @property
    def source(self) -> WeightedOptions:
        """The part that says what is read."""
        columns = ColumnOptions(self.label, self.image, self.key, self.caption)
        return WeightedOptions(self.weighted, columns, self.root, self.prefix, self.run_dir)

    @property
    def output(self) -> Path:
        """Where the page goes."""
        return self.out or self.weighted.with_suffix(".html")
