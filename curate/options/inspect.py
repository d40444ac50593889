"""The options of `curate inspect`."""

from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Literal

import typer

from curate.options import shared
from curate.options.choices import check_choices
from curate.options.columns import ColumnOptions
from curate.options.paths import OptionalPath, OptionalTable, RequiredPath
from curate.options.weighted import WeightedOptions


@dataclass(frozen=True)
class InspectOptions:
    """The options of `curate inspect`; raises CurateError for values that cannot be used."""

    weighted: shared.WeightedPath = RequiredPath()
    _: KW_ONLY
    given: shared.GivenClass = None
    suggested: Annotated[
        str | None, typer.Option(help="Only what seems to be this class.", show_default=False)
    ] = None
    kind: Annotated[
        Literal["relabel", "outlier"] | None,
        typer.Option(help="Only this issue.", show_default=False),
    ] = None
    status: Annotated[
        str | None,
        typer.Option(help="Only of this status: ok, missing, truncated ...", show_default=False),
    ] = None
    noise_type: shared.OfNoiseType = None
    sort: Annotated[
        Literal["quality", "weight", "distance", "noise", "random"],
        typer.Option(help="What comes first; noise: what is least likely free of it."),
    ] = "quality"
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="How many. Default: 12; on a terminal no more than fit below the summary.",
            show_default=False,
        ),
    ] = None
    key: Annotated[
        str | None,
        typer.Option(help="Show the sample of this key in full.", show_default=False),
    ] = None
    as_json: shared.AsJson = False
    pictures: shared.Drawn = "auto"
    verified: shared.AlsoVerified = OptionalTable()
    image: shared.Image = None
    label: shared.Label = None
    key_column: shared.KeyColumn = None
    caption: shared.Caption = None
    root: shared.Root = OptionalPath()
    prefix: shared.Prefix = None
    run_dir: shared.FoundRun = OptionalPath()

    def __post_init__(self) -> None:
        check_choices(self)

    @property
    def source(self) -> WeightedOptions:
        """The part that says what is read."""
        columns = ColumnOptions(self.label, self.image, self.key_column, self.caption)
        return WeightedOptions(self.weighted, columns, self.root, self.prefix, self.run_dir)
