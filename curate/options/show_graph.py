"""The options of `curate graph`, checked at the door."""

from dataclasses import KW_ONLY, dataclass
from typing import Annotated

import typer

from curate.errors import CurateError
from curate.options import shared
from curate.options.choices import check_choices
from curate.options.columns import ColumnOptions
from curate.options.graph import DEFAULT_TEXT_MODEL, GraphOptions
from curate.options.paths import OptionalPath, OptionalTable, RequiredPath


@dataclass(frozen=True)
class ShowOptions:
    """The options of `curate graph`; raises CurateError for values that cannot be used."""

    manifest: shared.CrawlPath = RequiredPath()
    _: KW_ONLY
    graph: shared.GraphSum = "wordnet"
    text_model: shared.TextModel = DEFAULT_TEXT_MODEL
    text_pooling: shared.TextPooling = "mean"
    classes: shared.ClassFile = OptionalTable()
    out: Annotated[
        OptionalPath,
        typer.Option(
            "--out",
            "-o",
            help="Heat map: a .png. Default: graph.png in the run's folder.",
            show_default=False,
        ),
    ] = OptionalPath()
    limit: Annotated[int | None, typer.Option(help="How many classes to list. Default: all.")] = (
        None
    )
    run_dir: shared.RunDir = OptionalPath()
    label: shared.Label = None
    caption: shared.Caption = None
    device: shared.Device = "auto"

    def __post_init__(self) -> None:
        check_choices(self)
        if not self.graph_options.parts:
            raise CurateError("--graph none has nothing to show; name a graph, such as wordnet.")
        if self.limit is not None and self.limit < 1:
            raise CurateError(f"--limit {self.limit}: at least one class is shown.")
        if self.out is not None and self.out.suffix.lower() != ".png":
            raise CurateError(f"--out {self.out}: the heat map is a PNG; end its name in .png.")

    @property
    def graph_options(self) -> GraphOptions:
        """The part that says how the classes are related."""
        return GraphOptions(
            self.graph, self.text_model, self.text_pooling, self.classes, self.device
        )

    @property
    def columns(self) -> ColumnOptions:
        """The part that says which column is which."""
        return ColumnOptions(self.label, caption=self.caption)
