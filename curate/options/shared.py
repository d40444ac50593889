"""Options that several commands have, each with what is said of it."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from curate.options.paths import OptionalPath

CrawlPath = Annotated[
    Path,
    typer.Argument(
        help="Parquet, CSV, TSV, JSON lines, a tar, or a folder of tars, Parquet files or classes.",
        show_default=False,
    ),
]
WeightedPath = Annotated[Path, typer.Argument(help="What curate weight wrote.", show_default=False)]

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
FoundRun = Annotated[
    OptionalPath,
    typer.Option(
        "--run-dir", help="The run's folder, where the file does not say.", show_default=False
    ),
]

Encoder = Annotated[
    str | None,
    typer.Option(
        help="open_clip:ARCH/TAG, open_clip:ARCH@CHECKPOINT, onnx:MODEL.onnx, embedded, self"
        " (a network trained on the crawl: self:timm/NAME or self:open_clip/ARCH where the"
        " small one is not enough, @FILE, @pretrained or @TAG for weights to begin with), or a"
        " sum a+b. Default: the column 'embedding' where there is one, else"
        " open_clip:ViT-B-32/laion2b_s34b_b79k.",
        show_default=False,
    ),
]
Device = Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="What computes.")]
Workers = Annotated[
    int | None,
    typer.Option(help="Processes that decode images. Default: one for each core."),
]
RetryFailed = Annotated[
    bool, typer.Option("--retry-failed", help="Try the rows again that have no features.")
]

GraphSum = Annotated[
    str,
    typer.Option(
        help="Class relation graph: none, or one or a sum (a+b) of wordnet, text:name,"
        " text:description, text (the description where there is one), hierarchy:edges.csv"
        " (child,parent), captions, matrix:file.npz (S, names)."
    ),
]
TextModel = Annotated[
    str, typer.Option(help="Encoder of transformers for text and captions: hub id or folder.")
]
TextPooling = Annotated[
    Literal["mean", "lstm"],
    typer.Option(
        help="How a text becomes one vector; lstm: a bidirectional LSTM trained on the classes'"
        " own texts."
    ),
]
ClassFile = Annotated[
    OptionalPath,
    typer.Option(
        "--classes", help="Table with columns label, synset, name, description: what classes are."
    ),
]

Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the output if it exists.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same result.")]
GivenClass = Annotated[
    str | None,
    typer.Option("--class", "--given", help="Only of this class.", show_default=False),
]
