"""The options of `curate weight`, checked at the door."""

import math
import os
from dataclasses import KW_ONLY, asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from curate.encoders.spec import split_encoders
from curate.errors import CurateError
from curate.options import shared
from curate.options.choices import check_choices
from curate.options.columns import ColumnOptions
from curate.options.engine import LOCAL, EngineOptions
from curate.options.graph import DEFAULT_TEXT_MODEL, GraphOptions
from curate.options.method import check_above_0, check_method
from curate.options.paths import OptionalArray, OptionalPath, OptionalTable, RequiredPath
from curate.store.urls import is_remote
from prototypes.options import (
    BOTH,
    LARGEST_LOG,
    ONLY,
    SOFTMAX,
    WEIGHTED,
    Options,
    PrototypeWeights,
    Psi,
    VerifiedUse,
)

TEXT_OUTPUTS = {".csv": ".csv", ".jsonl": ".jsonl", ".ndjson": ".jsonl"}
SINET = "Consistency and prototypes (SINet Eq. 4, 5)"
"""Heading of the options that --help-all adds."""


@dataclass(frozen=True)
class WeightOptions:
    """The options of `curate weight`; raises CurateError for values that cannot be used."""

    manifest: shared.CrawlPath = RequiredPath()
    _: KW_ONLY
    alpha: Annotated[
        float, typer.Option(help="Distance from which on a sample weighs 0 (SINet Eq. 6).")
    ] = 1.2
    beta: Annotated[float, typer.Option(help="Power of the weight (SINet Eq. 6).")] = 1.5
    encoder: shared.Encoder = None
    embeddings: Annotated[
        OptionalArray,
        typer.Option(help="Take the features from this .npy file, or this folder's img_emb/*.npy."),
    ] = OptionalArray()
    graph: shared.GraphSum = "wordnet"
    text_model: shared.TextModel = DEFAULT_TEXT_MODEL
    text_pooling: shared.TextPooling = "mean"
    classes: shared.ClassFile = OptionalTable()
    verified: Annotated[
        OptionalTable,
        typer.Option(
            help="Table of labels that a person has verified: key, label (null: none of the"
            " classes)."
        ),
    ] = OptionalTable()
    caption_agreement: Annotated[
        bool,
        typer.Option(
            "--caption-agreement",
            help="Compare captions with labels: a column caption_agreement, and label_quality"
            " with it where that is found to help.",
        ),
    ] = False
    zero_shot: Annotated[
        bool,
        typer.Option(
            "--zero-shot",
            help="With open_clip: compare images with class names too, where that is found to"
            " help label_quality.",
        ),
    ] = False
    out: Annotated[
        OptionalPath,
        typer.Option(
            "--out",
            "-o",
            help="Output: .parquet, .csv or .jsonl. Default: MANIFEST.weighted.parquet (or .csv,"
            " .jsonl as the manifest is).",
            show_default=False,
        ),
    ] = OptionalPath()
    run_dir: shared.RunDir = OptionalPath()
    image: shared.Image = None
    label: shared.Label = None
    key: shared.Key = None
    caption: shared.Caption = None
    root: shared.Root = OptionalPath()
    device: shared.Device = "auto"
    workers: shared.Workers = None
    engine: shared.Engine = LOCAL
    cpus_per_task: shared.CpusPerTask = None
    gpus_per_task: shared.GpusPerTask = None
    slim: Annotated[
        bool, typer.Option("--slim", help="Write only the key and the new columns.")
    ] = False
    prefix: Annotated[str, typer.Option(help="Put before the names of the new columns.")] = ""
    soft_labels: Annotated[
        int | None,
        typer.Option(
            metavar="K",
            help="Add smoothed targets: the given label shares with the K other classes that fit"
            " best. Not for .csv.",
            show_default=False,
        ),
    ] = None
    no_duplicates: Annotated[
        bool,
        typer.Option(
            "--no-duplicates",
            help="Do not look for copies of the same picture; leave the columns duplicate_of and"
            " duplicates out.",
        ),
    ] = False
    retry_failed: shared.RetryFailed = False
    overwrite: shared.Overwrite = False
    psi: Annotated[
        Psi,
        typer.Option(help="ψ of Eq. 4.", rich_help_panel=SINET, hidden=True),
    ] = SOFTMAX
    tau_v: Annotated[
        float | None,
        typer.Option(
            help="Temperature of the softmax of visual similarities. Default: calibrated.",
            rich_help_panel=SINET,
            show_default=False,
            hidden=True,
        ),
    ] = None
    tau_t: Annotated[
        float | None,
        typer.Option(
            help="Temperature of the softmax of class relations. Default: calibrated.",
            rich_help_panel=SINET,
            show_default=False,
            hidden=True,
        ),
    ] = None
    gamma: Annotated[
        float, typer.Option(help="Power of the consistency.", rich_help_panel=SINET, hidden=True)
    ] = 2.0
    epsilon: Annotated[
        float, typer.Option(help="What is added to the KL.", rich_help_panel=SINET, hidden=True)
    ] = 0.05
    prototypes: Annotated[
        PrototypeWeights,
        typer.Option(
            help="Means weighted by consistency (Eq. 5), or plain means.",
            rich_help_panel=SINET,
            hidden=True,
        ),
    ] = WEIGHTED
    rounds: Annotated[
        int,
        typer.Option(
            help="How many times consistency is judged. Each round after the first uses the"
            " prototypes of the round before, made without the image that is judged.",
            rich_help_panel=SINET,
            hidden=True,
        ),
    ] = 1
    prototypes_per_class: Annotated[
        int,
        typer.Option(
            help="At most so many prototypes per class; the nearest counts.",
            rich_help_panel=SINET,
            hidden=True,
        ),
    ] = 1
    verified_use: Annotated[
        VerifiedUse,
        typer.Option(
            help="Whether a class with verified rows has its prototype from those and all other"
            " rows, or from those only.",
            rich_help_panel=SINET,
            hidden=True,
        ),
    ] = BOTH

    def __post_init__(self) -> None:
        check_choices(self)
        check_above_0("alpha", self.alpha, 1.2)
        check_above_0("beta", self.beta, 1.5)
        _check_weights(self.alpha, self.beta)
        check_method(self.method)
        if self.verified is None and self.verified_use == ONLY:
            raise CurateError("--verified-use only: name the verified rows with --verified FILE.")
        if self.workers is not None and self.workers < 1:
            raise CurateError(f"--workers {self.workers}: at least one process decodes images.")
        _ = (
            self.graph_options,
            self.encoders,
            self.engine_options,
        )  # check themselves as they are made
        if self.encoder is not None and self.embeddings is not None:
            raise CurateError("--encoder and --embeddings exclude each other; choose one of them.")
        if self.root is not None and not is_remote(self.root) and not self.root.is_dir():
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
    def method(self) -> Options:
        """The part that says how prototypes are found."""
        return Options(
            gamma=self.gamma,
            epsilon=self.epsilon,
            psi=self.psi,
            tau_v=self.tau_v,
            tau_t=self.tau_t,
            prototypes=self.prototypes,
            rounds=self.rounds,
            per_class=self.prototypes_per_class,
            verified=self.verified_use,
        )

    @property
    def columns(self) -> ColumnOptions:
        """The part that says which column is which."""
        return ColumnOptions(self.label, self.image, self.key, self.caption)

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
    def engine_options(self) -> EngineOptions:
        """The part that says who works on shards."""
        return EngineOptions(self.engine, self.cpus_per_task, self.gpus_per_task)

    @property
    def encoders(self) -> tuple[str, ...]:
        """The encoders whose features stand side by side; none where --encoder is not given."""
        return () if self.encoder is None else split_encoders(self.encoder)

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
    def decoders(self) -> int:
        """How many processes decode images on this machine."""
        return self.workers or os.cpu_count() or 1

    def as_json(self) -> dict[str, object]:
        """Give the options as they are written into the run folder."""
        return asdict(self)


def _check_weights(alpha: float, beta: float) -> None:
    if beta * math.log(alpha) > LARGEST_LOG:
        raise CurateError(
            f"--alpha {alpha:g} with --beta {beta:g}: weights are up to α^β, more than their column"
            f" can hold; give a --beta of at most {LARGEST_LOG / math.log(alpha):.3g}."
        )
