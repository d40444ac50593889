"""What the user chose for `curate refine`, checked at the door."""

from dataclasses import dataclass
from pathlib import Path

from curate.encoders.device import check_device
from curate.errors import CurateError
from curate.options.weighted import WeightedOptions

EPOCHS = 8


@dataclass(frozen=True)
class RefineOptions:
    """The options of `curate refine`; raises CurateError for what cannot be."""

    weighted: WeightedOptions
    verified: Path | None = None
    head: str = "auto"
    apply: Path | None = None
    new_classes: bool = False
    bag: str | None = None
    epochs: int = EPOCHS
    seed: int = 0
    device: str = "auto"
    out: Path | None = None
    overwrite: bool = False

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise CurateError(f"--epochs {self.epochs}: at least 1; the default is {EPOCHS}.")
        check_device(self.device)
        if self.apply is not None and (self.head != "auto" or self.new_classes):
            raise CurateError(
                "--apply takes a head as it was trained; leave --head and --new-classes out."
            )
        if self.new_classes and self.verified is None:
            raise CurateError(
                "--new-classes are those of verified rows; name them: --verified FILE."
            )

    @property
    def output(self) -> Path:
        """The file that is written."""
        if self.out is not None:
            return self.out
        path = self.weighted.path
        return path.with_name(f"{path.stem.removesuffix('.weighted')}.refined{path.suffix}")
