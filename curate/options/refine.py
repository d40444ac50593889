"""The options of `curate refine`, checked at the door."""

from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated

import typer

from curate.errors import CurateError
from curate.options import shared
from curate.options.choices import check_choices
from curate.options.columns import ColumnOptions
from curate.options.engine import LOCAL, EngineOptions
from curate.options.heads import AUTO, POSSIBLE
from curate.options.paths import OptionalPath, OptionalTable, RequiredPath
from curate.options.weighted import WeightedOptions

EPOCHS = 8


@dataclass(frozen=True)
class RefineOptions:
    """The options of `curate refine`; raises CurateError for values that cannot be used."""

    weighted: shared.WeightedPath = RequiredPath()
    _: KW_ONLY
    verified: Annotated[
        OptionalTable,
        typer.Option(
            help="Table of labels that a person has verified: key, label (null or an empty list:"
            " none of the classes); for lists of labels also key, label, correct: answers to single"
            " labels. What curate verify writes.",
            show_default=False,
        ),
    ] = OptionalTable()
    head: Annotated[str, typer.Option(help=f"{POSSIBLE}.")] = AUTO
    apply: Annotated[
        OptionalPath,
        typer.Option(
            metavar="HEAD_DIR",
            help="Use a head that was trained before, on another crawl of the same classes and"
            " encoder too.",
            show_default=False,
        ),
    ] = OptionalPath()
    new_classes: Annotated[
        bool,
        typer.Option(
            "--new-classes",
            help="Add the classes that only verified rows have to those of the crawl.",
        ),
    ] = False
    bag: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="With nmn: rows of one value share their labels (frames of a video).",
            show_default=False,
        ),
    ] = None
    epochs: Annotated[int, typer.Option(help="Of each stage of a training, at most.")] = EPOCHS
    seed: shared.Seed = 0
    out: Annotated[
        OptionalPath,
        typer.Option(
            "--out",
            "-o",
            help="Output. Default: MANIFEST.refined.parquet (or .csv, .jsonl).",
            show_default=False,
        ),
    ] = OptionalPath()
    run_dir: shared.FoundRun = OptionalPath()
    label: shared.Label = None
    key: shared.KeyColumn = None
    prefix: shared.Prefix = None
    device: shared.Device = "auto"
    engine: shared.Engine = LOCAL
    cpus_per_task: shared.CpusPerTask = None
    gpus_per_task: shared.GpusPerTask = None
    overwrite: shared.Overwrite = False

    def __post_init__(self) -> None:
        check_choices(self)
        _ = self.engine_options  # checks itself as it is made
        if self.epochs < 1:
            raise CurateError(f"--epochs {self.epochs}: at least 1; the default is {EPOCHS}.")
        if self.apply is not None and (self.head != AUTO or self.new_classes):
            raise CurateError(
                "--apply takes a head as it was trained; leave --head and --new-classes out."
            )
        if self.new_classes and self.verified is None:
            raise CurateError(
                "--new-classes adds the classes of verified rows, and there are none; name them"
                " with --verified FILE."
            )

    @property
    def engine_options(self) -> EngineOptions:
        """The part that says who works on shards."""
        return EngineOptions(self.engine, self.cpus_per_task, self.gpus_per_task)

    @property
    def source(self) -> WeightedOptions:
        """The part that says what is read."""
        columns = ColumnOptions(self.label, key=self.key)
        return WeightedOptions(self.weighted, columns, None, self.prefix, self.run_dir)

    @property
    def output(self) -> Path:
        """The file that is written."""
        if self.out is not None:
            return self.out
        path = self.weighted
        return path.with_name(f"{path.stem.removesuffix('.weighted')}.refined{path.suffix}")

    def beside(self, name: str) -> Path:
        """Return the path of another table, beside the file that is written."""
        return self.output.with_name(f"{self.output.stem}.{name}.parquet")
