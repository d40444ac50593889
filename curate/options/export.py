"""What the user chose for `curate export`, checked at the door."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from curate.errors import CurateError
from curate.options.weighted import WeightedOptions

FORMATS = (
    "parquet",
    "csv",
    "jsonl",
    "webdataset",
    "imagefolder",
    "huggingface",
    "fiftyone",
    "cleanlab",
    "datacomp",
)
"""Each is the name of a module in curate/exports."""
KEEP = ALL, WEIGHTED, CLEAN = "all", "weighted", "clean"
LABELS = GIVEN, SUGGESTED, REFINED, SOFT = "given", "suggested", "refined", "soft"
NORMALIZE = MEAN, CLASS, NONE = "mean", "class", "none"
PARTS = {2: ("train", "validation"), 3: ("train", "validation", "test")}
"""Names of the parts of a split, by their number; more are part1, part2, ..."""


@dataclass(frozen=True)
class SelectOptions:
    """Which rows leave, with which label and weight; raises CurateError for what cannot be."""

    keep: str | None = None
    """None: what the format is for; weighted for trainers, all for those that look at labels."""
    min_quality: float | None = None
    labels: str = GIVEN
    normalize: str = NONE
    split: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name, words in (("keep", KEEP), ("labels", LABELS), ("normalize", NORMALIZE)):
            word = getattr(self, name)
            if word is not None and word not in words:
                raise CurateError(f"--{name} {word}: it must be one of {', '.join(words)}.")
        if self.min_quality is not None and not 0 <= self.min_quality <= 1:
            raise CurateError(
                f"--min-quality {self.min_quality} is no quality; give a number from 0 to 1."
            )
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
        names = PARTS.get(len(numbers)) or [f"part{n + 1}" for n in range(len(numbers))]
        return {name: n / sum(numbers) for name, n in zip(names, numbers, strict=True)}


@dataclass(frozen=True)
class ExportOptions:
    """The options of `curate export`; raises CurateError for what cannot be."""

    weighted: WeightedOptions
    to: str
    out: Path
    select: SelectOptions = field(default_factory=SelectOptions)
    rename: Mapping[str, str] = field(default_factory=dict)
    link: bool = False
    rows_per_shard: int = 10_000
    overwrite: bool = False

    def __post_init__(self) -> None:
        if self.rows_per_shard < 1:
            raise CurateError(f"--rows-per-shard {self.rows_per_shard}: a shard has 1 row or more.")

    def as_json(self) -> dict[str, object]:
        """Give the options as they are written beside the output."""
        return asdict(self)


def read_renames(renames: list[str]) -> dict[str, str]:
    """Read --rename OLD=NEW; raises CurateError for what is not."""
    pairs = [rename.split("=", 1) for rename in renames]
    for rename, pair in zip(renames, pairs, strict=True):
        if len(pair) != 2 or not all(pair):
            raise CurateError(
                f"--rename {rename} is no renaming; write it as --rename weight=sample_weight."
            )
    return {pair[0]: pair[1] for pair in pairs}
