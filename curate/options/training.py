"""The options of the datasets of `curate.torch`."""

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal, get_args

from curate.errors import CurateError
from curate.options.columns import ColumnOptions
from curate.options.export import (
    GIVEN,
    KEEP,
    NONE,
    WEIGHTED,
    Duplicates,
    Keep,
    Labels,
    Normalize,
    SelectOptions,
)
from curate.options.paths import OptionalPath, RequiredPath
from curate.options.weighted import WeightedOptions

Missing = Literal["raise", "warn"]
"""What happens where a picture is missing."""
MISSING = RAISE, WARN = get_args(Missing)
BUFFER = 1024
"""Pictures, not decoded yet, among which a stream draws the next."""


@dataclass(frozen=True)
class TrainingOptions:
    """Which rows are trained on, and how they are read; raises CurateError as it is made."""

    path: RequiredPath = RequiredPath()
    transform: Callable[[Any], Any] | None = None
    """What is made of a picture, (3, size, size) bytes."""
    _: KW_ONLY
    size: int = 256
    """Of the pictures' sides, in pixels."""
    keep: Keep = WEIGHTED
    min_quality: float | None = None
    labels: Labels = GIVEN
    normalize: Normalize = NONE
    duplicates: Duplicates = KEEP
    split: str | None = None
    seed: int = 0
    part: str | None = None
    """Of the split."""
    classes: Sequence[str] | None = None
    """In the order of their numbers; None: those of the rows."""
    image: str | None = None
    label: str | None = None
    key: str | None = None
    root: OptionalPath = OptionalPath()
    prefix: str | None = None
    missing: Missing = RAISE

    def __post_init__(self) -> None:
        if self.missing not in MISSING:
            raise CurateError(f"missing={self.missing!r}: it must be one of {', '.join(MISSING)}.")
        shares = self.select.shares
        if self.part is not None and self.part not in shares:
            raise CurateError(
                f"part={self.part!r} is no part of split={self.split!r}; its parts are:"
                f" {', '.join(shares)}."
            )

    @property
    def select(self) -> SelectOptions:
        """The part that says which rows, with which label and weight."""
        return SelectOptions(
            self.keep, self.min_quality, self.labels, self.normalize, self.split, self.seed,
            duplicates=self.duplicates,
        )  # fmt: skip

    @property
    def source(self) -> WeightedOptions:
        """The part that says what is read."""
        columns = ColumnOptions(image=self.image, label=self.label, key=self.key)
        return WeightedOptions(self.path, columns, self.root, self.prefix)


@dataclass(frozen=True)
class StreamOptions(TrainingOptions):
    """Also in which order the rows come, and to whom."""

    _: KW_ONLY
    shuffle: bool = True
    buffer: int = BUFFER
    rank: int | None = None
    """The number of this process, from 0; None: that of torch.distributed."""
    world: int | None = None
    """How many processes there are."""
