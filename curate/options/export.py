"""The options of `curate export`, checked at the door."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

import typer

from curate.errors import CurateError
from curate.options import shared
from curate.options.choices import check_choices
from curate.options.columns import ColumnOptions
from curate.options.engine import LOCAL, EngineOptions
from curate.options.on_command_line import Typed
from curate.options.paths import OptionalPath, RequiredPath
from curate.options.weighted import WeightedOptions

Format = Literal[
    "parquet",
    "csv",
    "jsonl",
    "webdataset",
    "imagefolder",
    "huggingface",
    "fiftyone",
    "label-studio",
    "cleanlab",
    "datacomp",
]
"""Each is the name of a module in curate/exports, with _ for -."""
FORMATS: tuple[str, ...] = get_args(Format)
Keep = Literal["all", "weighted", "clean", "flagged"]
ALL, WEIGHTED, CLEAN, FLAGGED = get_args(Keep)
Labels = Literal["given", "suggested", "refined", "soft"]
GIVEN, SUGGESTED, REFINED, SOFT = get_args(Labels)
Normalize = Literal["mean", "class", "none"]
MEAN, CLASS, NONE = get_args(Normalize)
Duplicates = Literal["keep", "first", "weigh"]
KEEP, FIRST, WEIGH = get_args(Duplicates)
PARTS = {2: ("train", "validation"), 3: ("train", "validation", "test")}
"""Names of the parts of a split, by their number; more are part1, part2, ..."""


ROUNDING = 0.011
"""Shares such as 0.33/0.33/0.33 add up to 1, but for so much."""


@dataclass(frozen=True)
class SelectOptions:
    """Which rows leave, with which label and weight; raises CurateError as it is made."""

    keep: Keep | None = None
    """None: what the format is for; weighted for trainers, all for those that look at labels."""
    min_quality: float | None = None
    labels: Labels = GIVEN
    normalize: Normalize = NONE
    split: str | None = None
    seed: int = 0
    noise_type: shared.NoiseType | None = None
    duplicates: Duplicates = KEEP
    sample: int | None = None

    def __post_init__(self) -> None:
        check_choices(self)
        if self.min_quality is not None and not 0 <= self.min_quality <= 1:
            raise CurateError(
                f"--min-quality {self.min_quality} is no quality; give a number from 0 to 1."
            )
        if self.sample is not None and self.sample < 1:
            raise CurateError(f"--sample {self.sample}: a sample has 1 row or more.")
        _ = self.shares  # checks itself as it is read

    @property
    def shares(self) -> dict[str, float]:
        """The parts of the split by name, with their shares of the rows; empty without one."""
        if self.split is None:
            return {}
        try:
            numbers = [float(share) for share in self.split.split("/")]
        except ValueError:
            numbers = []
        if len(numbers) < 2 or not all(math.isfinite(n) and n > 0 for n in numbers):
            raise CurateError(
                f"--split {self.split} is no split; give two or more shares, such as 0.9/0.1 or"
                " 80/10/10."
            )
        if max(numbers) < 1 and abs(sum(numbers) - 1) > ROUNDING:
            raise CurateError(
                f"--split {self.split}: these shares add up to {sum(numbers):.3g}, not to 1; give"
                " all parts, such as 0.7/0.3, or whole numbers for their ratio, such as 7/3."
            )
        names = PARTS.get(len(numbers)) or [f"part{n + 1}" for n in range(len(numbers))]
        return {name: n / sum(numbers) for name, n in zip(names, numbers, strict=True)}


@dataclass(frozen=True)
class ExportOptions:
    """The options of `curate export`; raises CurateError for values that cannot be used."""

    weighted: shared.WeightedPath = RequiredPath()
    _: KW_ONLY
    to: Annotated[Format, typer.Option(help="What is written.", show_default=False)]
    out: Annotated[
        RequiredPath,
        typer.Option("--out", "-o", help="The file or folder to write.", show_default=False),
    ] = RequiredPath()
    keep: Annotated[
        Keep | None,
        typer.Option(
            help="all; weighted: what weighs more than 0; clean: and is not flagged; flagged: what"
            " a person should look at. Default: weighted, and all for fiftyone, label-studio and"
            " cleanlab.",
            show_default=False,
        ),
    ] = None
    min_quality: Annotated[
        float | None, typer.Option(help="Keep what has at least this label_quality (0 to 1).")
    ] = None
    labels: Annotated[
        Labels,
        typer.Option(
            help="given; suggested: where another class fits, that one; refined: what curate"
            " refine says; soft: the targets of curate weight --soft-labels."
        ),
    ] = GIVEN
    noise_type: shared.OfNoiseType = None
    normalize: Annotated[
        Normalize, typer.Option(help="mean: weights have the mean 1; class: in each class.")
    ] = NONE
    duplicates: Annotated[
        Duplicates,
        typer.Option(
            help="Copies of a picture: keep; first: of those that would be written, the first;"
            " weigh: all, with weights that add up to one row's."
        ),
    ] = KEEP
    split: Annotated[
        str | None,
        typer.Option(
            help="Shares such as 0.9/0.1 (train, validation) or 8/1/1 (and test), by a hash of the"
            " key: a row stays where it is when others are added. Copies stay together.",
            show_default=False,
        ),
    ] = None
    seed: Annotated[int, typer.Option(help="Another seed splits otherwise.")] = 0
    sample: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Of the rows that are kept, N at random, by a hash of the key.",
            show_default=False,
        ),
    ] = None
    against: Annotated[
        OptionalPath,
        typer.Option(
            help="A manifest, such as that of the validation set: rows that are copies of its"
            " pictures are left out, and listed in OUT.against.parquet.",
            show_default=False,
        ),
    ] = OptionalPath()
    rename: Annotated[
        Mapping[str, str] | Sequence[str] | None,
        Typed(list[str] | None),
        typer.Option(
            metavar="OLD=NEW", help="Give a column another name; may be given several times."
        ),
    ] = None
    link: Annotated[
        bool,
        typer.Option(
            "--link",
            help="imagefolder, fiftyone, label-studio: link to picture files, copy no bytes.",
        ),
    ] = False
    url: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="label-studio: show the pictures at the URLs in this column; copy none.",
            show_default=False,
        ),
    ] = None
    rows_per_shard: Annotated[
        int, typer.Option(help="webdataset, huggingface: rows in a file.")
    ] = 10_000
    image: shared.Image = None
    label: shared.Label = None
    key: shared.Key = None
    caption: shared.Caption = None
    root: shared.Root = OptionalPath()
    prefix: shared.Prefix = None
    engine: shared.Engine = LOCAL
    cpus_per_task: shared.CpusPerTask = None
    overwrite: shared.Overwrite = False

    def __post_init__(self) -> None:
        check_choices(self)
        _ = self.engine_options  # checks itself as it is made
        if self.rows_per_shard < 1:
            raise CurateError(f"--rows-per-shard {self.rows_per_shard}: a shard has 1 row or more.")
        _ = self.select, self.renames  # check themselves as they are read

    @property
    def select(self) -> SelectOptions:
        """The part that says which rows leave, with which label and weight."""
        return SelectOptions(
            self.keep, self.min_quality, self.labels, self.normalize, self.split, self.seed,
            self.noise_type, self.duplicates, self.sample,
        )  # fmt: skip

    @property
    def engine_options(self) -> EngineOptions:
        """The part that says who writes files."""
        return EngineOptions(self.engine, self.cpus_per_task)

    @property
    def list_against(self) -> Path:
        """The file that lists the rows that --against leaves out."""
        return self.out.with_name(f"{self.out.stem}.against.parquet")

    @property
    def renames(self) -> Mapping[str, str]:
        """The new names of columns, by the old ones."""
        if isinstance(self.rename, Mapping):
            return self.rename
        return read_renames(self.rename or [])

    @property
    def source(self) -> WeightedOptions:
        """The part that says what is read."""
        columns = ColumnOptions(self.label, self.image, self.key, self.caption)
        return WeightedOptions(self.weighted, columns, self.root, self.prefix)


def read_renames(renames: Sequence[str]) -> dict[str, str]:
    """Read --rename OLD=NEW; raises CurateError for what is not."""
    pairs = [rename.split("=", 1) for rename in renames]
    for rename, pair in zip(renames, pairs, strict=True):
        if len(pair) != 2 or not all(pair):
            raise CurateError(
                f"--rename {rename} is no renaming; write it as --rename weight=sample_weight."
            )
    return {pair[0]: pair[1] for pair in pairs}
