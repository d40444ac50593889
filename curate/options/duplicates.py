"""The options of `curate duplicates`."""

from dataclasses import KW_ONLY, dataclass
from typing import Annotated

import typer

from curate.options import shared
from curate.options.choices import check_choices
from curate.options.columns import ColumnOptions
from curate.options.paths import OptionalPath, RequiredPath
from curate.options.weighted import WeightedOptions


@dataclass(frozen=True)
class DuplicatesOptions:
    """The options of `curate duplicates`; raises CurateError for values that cannot be used."""

    weighted: shared.WeightedPath = RequiredPath()
    _: KW_ONLY
    limit: Annotated[int, typer.Option(min=1, help="How many groups.")] = 12
    as_json: shared.AsJson = False
    pictures: shared.Drawn = "auto"
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
