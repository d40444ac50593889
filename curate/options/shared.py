"""Options that several commands have, each with what is said of it."""

from typing import Annotated, Literal

import typer
from rich.markup import escape

from curate.encoders import device
from curate.encoders.spec import DEFAULT_ENCODER
from curate.encoders.spec import POSSIBLE as POSSIBLE_ENCODERS
from curate.options.graph import POSSIBLE as POSSIBLE_GRAPHS
from curate.options.graph import Pooling
from curate.options.paths import OptionalPath, OptionalTable, RequiredPath

CrawlPath = Annotated[
    RequiredPath,
    typer.Argument(
        help="Parquet, CSV, TSV, JSON lines, a tar, or a folder of tars, Parquet files or classes.",
        show_default=False,
    ),
]
WeightedPath = Annotated[
    RequiredPath, typer.Argument(help="What curate weight wrote.", show_default=False)
]

Label = Annotated[str | None, typer.Option(help="Label column.")]
Image = Annotated[str | None, typer.Option(help="Image column: bytes or paths.")]
Key = Annotated[str | None, typer.Option(help="Key column; none: number the rows.")]
KeyColumn = Annotated[str | None, typer.Option(help="Key column.")]
Caption = Annotated[str | None, typer.Option(help="Caption column.")]
Root = Annotated[
    OptionalPath,
    typer.Option(help="Folder that image paths start from. Default: the manifest's."),
]
Prefix = Annotated[
    str | None,
    typer.Option(help="The --prefix that curate weight was given.", show_default=False),
]

RunDir = Annotated[
    OptionalPath,
    typer.Option(
        help="Folder of the run's work. Default: MANIFEST.curate beside it.", show_default=False
    ),
]
AlsoVerified = Annotated[
    OptionalTable,
    typer.Option(
        "--verified",
        help="Table of labels that a person has verified (key, label), for the share of wrong"
        " labels.",
        show_default=False,
    ),
]
FoundRun = Annotated[
    OptionalPath,
    typer.Option(
        "--run-dir", help="The run's folder, where the file does not say.", show_default=False
    ),
]

Encoder = Annotated[
    str | None,
    typer.Option(
        help=f"{escape(POSSIBLE_ENCODERS)}. self:timm/NAME or self:open_clip/ARCH where the small"
        " network is not enough; @FILE, @pretrained or @TAG for weights to begin with. Default: the"
        f" column 'embedding' where there is one, else {DEFAULT_ENCODER}.",
        show_default=False,
    ),
]
Device = Annotated[device.Device, typer.Option(help="What computes.")]
Workers = Annotated[
    int | None,
    typer.Option(help="Processes that decode images. Default: one for each core."),
]
RetryFailed = Annotated[
    bool, typer.Option("--retry-failed", help="Try the rows again that have no features.")
]

Engine = Annotated[
    str,
    typer.Option(
        metavar="local|ray[:HOST:PORT]",
        help="Who works on shards: this machine, or the nodes of a Ray cluster (docs/scale.md).",
    ),
]
CpusPerTask = Annotated[
    int | None,
    typer.Option(
        help="Processors of each worker on Ray. Default: 1, or a GPU's share.", show_default=False
    ),
]
GpusPerTask = Annotated[
    float | None,
    typer.Option(
        help="GPUs of each worker on Ray that computes on them. Default: 1 where there are any.",
        show_default=False,
    ),
]

GraphSum = Annotated[
    str,
    typer.Option(
        help=f"Class relation graph: {POSSIBLE_GRAPHS}. text alone takes the description where"
        " there is one; edges have columns child,parent; a matrix file has S and names."
    ),
]
TextModel = Annotated[
    str, typer.Option(help="Encoder of transformers for text and captions: hub id or folder.")
]
TextPooling = Annotated[
    Pooling,
    typer.Option(
        help="How a text becomes one vector; lstm: a bidirectional LSTM trained on the classes'"
        " own texts."
    ),
]
ClassFile = Annotated[
    OptionalTable,
    typer.Option(
        "--classes", help="Table with columns label, synset, name, description: what classes are."
    ),
]

HOW_DRAWN = typer.Option(help="How pictures are drawn: blocks are two pixels a character.")
Drawn = Annotated[Literal["auto", "blocks", "sixel", "kitty", "none"], HOW_DRAWN]
AsJson = Annotated[
    bool, typer.Option("--json", help="Write JSON, for programs, in place of all this.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the output if it exists.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same result.")]
GivenClass = Annotated[
    str | None,
    typer.Option("--class", "--given", help="Only of this class.", show_default=False),
]
NoiseType = Literal["free", "random", "confusing", "not-random"]
OfNoiseType = Annotated[
    NoiseType | None,
    typer.Option(
        help="Only what most likely has this type of noise, by curate refine --head xiao.",
        show_default=False,
    ),
]
