"""What the user chose for `curate weight`, checked at the door."""

import math
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from curate.encoders.device import check_device
from curate.errors import CurateError
from curate.options.columns import ColumnOptions
from curate.options.graph import DEFAULT_TEXT_MODEL, GraphOptions
from prototypes.options import (
    CONSTANT,
    L2,
    LARGEST_LOG,
    ONLY,
    PROTOTYPES,
    PSI,
    USES,
    Options,
    largest_gamma,
)

TEXT_OUTPUTS = {".csv": ".csv", ".jsonl": ".jsonl", ".ndjson": ".jsonl"}
MOST_ROUNDS = 20
MOST_PROTOTYPES = 64
MethodOptions = Options
"""What can be chosen about the mathematics."""


@dataclass(frozen=True)
class WeightOptions:
    """The options of `curate weight`; raises CurateError for what cannot be."""

    manifest: Path
    alpha: float = 1.2
    beta: float = 1.5
    method: MethodOptions = field(default_factory=MethodOptions)
    verified: Path | None = None
    encoder: str | None = None
    embeddings: Path | None = None
    graph: str = "wordnet"
    text_model: str = DEFAULT_TEXT_MODEL
    text_pooling: str = "mean"
    classes: Path | None = None
    caption_agreement: bool = False
    zero_shot: bool = False
    out: Path | None = None
    run_dir: Path | None = None
    columns: ColumnOptions = field(default_factory=ColumnOptions)
    root: Path | None = None
    device: str = "auto"
    workers: int | None = None
    slim: bool = False
    prefix: str = ""
    soft_labels: int | None = None
    retry_failed: bool = False
    overwrite: bool = False

    def __post_init__(self) -> None:
        _check_above_0("alpha", self.alpha, 1.2)
        _check_above_0("beta", self.beta, 1.5)
        _check_weights(self.alpha, self.beta)
        _check_method(self.method)
        if self.verified is None and self.method.verified == ONLY:
            raise CurateError("--verified-use only: name the verified rows with --verified FILE.")
        if self.workers is not None and self.workers < 1:
            raise CurateError(f"--workers {self.workers}: at least one process decodes images.")
        check_device(self.device)
        _ = self.graph_options  # checks itself as it is made
        if self.encoder is not None and self.embeddings is not None:
            raise CurateError("--encoder and --embeddings exclude each other; choose one of them.")
        if self.root is not None and not self.root.is_dir():
            raise CurateError(f"--root {self.root} is not a folder; name the images' folder.")

        self._check_soft_labels()

    def _check_soft_labels(self) -> None:
        if self.soft_labels is None:
            return
        if self.soft_labels < 1:
            raise CurateError(
                f"--soft-labels {self.soft_labels}: the given label shares with at least one other"
                " class; give 1 or more, or leave the option out."
            )
        if self.output.suffix == ".csv":
            raise CurateError(
                f"--soft-labels {self.soft_labels} writes lists, which {self.output} cannot hold;"
                " write .parquet or .jsonl with --out."
            )

    @property
    def output(self) -> Path:
        """The file that is written."""
        if self.out is not None:
            return self.out
        ending = TEXT_OUTPUTS.get(self.manifest.suffix.lower(), ".parquet")
        manifest = Path(os.path.normpath(self.manifest.absolute()))
        stem = manifest.stem if manifest.is_file() else manifest.name
        return manifest.parent / f"{stem}.weighted{ending}"

    @property
    def graph_options(self) -> GraphOptions:
        """The part that says how the classes are related."""
        return GraphOptions(
            self.graph,
            self.text_model,
            self.text_pooling,
            self.classes,
            self.device,
            self.caption_agreement or self.zero_shot,
        )

    @property
    def decoders(self) -> int:
        """How many processes decode images."""
        return self.workers or os.cpu_count() or 1

    def as_json(self) -> dict[str, object]:
        """Give the options as they are written into the run folder."""
        return asdict(self)


def _check_above_0(name: str, value: float, default: object) -> None:
    if not (math.isfinite(value) and value > 0):
        raise CurateError(f"--{name} {value} is not a number above 0; the default is {default}.")


def _check_weights(alpha: float, beta: float) -> None:
    if beta * math.log(alpha) > LARGEST_LOG:
        raise CurateError(
            f"--alpha {alpha:g} with --beta {beta:g}: weights are up to α^β, more than their column"
            f" can hold; give a --beta of at most {LARGEST_LOG / math.log(alpha):.3g}."
        )


def _check_method(chosen: MethodOptions) -> None:
    _check_above_0("gamma", chosen.gamma, 2)
    _check_above_0("epsilon", chosen.epsilon, 0.05)
    most = largest_gamma(chosen.epsilon)
    if chosen.gamma > most:
        raise CurateError(
            f"--gamma {chosen.gamma:g} with --epsilon {chosen.epsilon:g}: p is up to ε^−γ, more"
            f" than its column can hold; give a --gamma of at most {most:.3g}."
        )
    for name, words, value in (
        ("psi", PSI, chosen.psi),
        ("prototypes", PROTOTYPES, chosen.prototypes),
        ("verified-use", USES, chosen.verified),
    ):
        if value not in words:
            raise CurateError(f"--{name} {value}: it must be one of {', '.join(words)}.")
    for name, temperature in (("tau-v", chosen.tau_v), ("tau-t", chosen.tau_t)):
        if temperature is None:
            continue
        _check_above_0(name, temperature, "calibrated on the crawl")
        if chosen.psi == L2:
            raise CurateError(
                f"--{name} {temperature} is the temperature of a softmax, which --psi l2 does"
                " without; leave one of them out."
            )
    if not 1 <= chosen.rounds <= MOST_ROUNDS:
        raise CurateError(f"--rounds {chosen.rounds}: it must be from 1 to {MOST_ROUNDS}.")
    if chosen.rounds > 1 and chosen.prototypes == CONSTANT:
        raise CurateError(
            f"--rounds {chosen.rounds} judges again by weighted prototypes, and --prototypes"
            " constant has none; leave one of them out."
        )
    if not 1 <= chosen.per_class <= MOST_PROTOTYPES:
        raise CurateError(
            f"--prototypes-per-class {chosen.per_class}: it must be from 1 to {MOST_PROTOTYPES}."
        )
