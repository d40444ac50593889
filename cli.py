"""The command line: options in, one call into curate, errors out."""

import io
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import Abort, Exit, TyperException

TEXT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
CONSISTENCY = "Consistency and prototypes (SINet Eq. 4, 5)"
MANIFEST = "Parquet, CSV, TSV, JSON lines, a tar, or a folder of tars, Parquet files or classes."


class Boundary(TyperGroup):
    """Turns an exception into a sentence: exit code 2 for what the user can mend, 1 for us."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (Abort, Exit, TyperException):
            raise
        except (SystemExit, GeneratorExit):
            raise
        # A panic in polars is no Exception.
        except BaseException as error:
            if ctx.find_root().meta.get("debug"):
                raise
            raise Exit(_explain(error)) from error


app = typer.Typer(
    cls=Boundary,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Clean the labels of web-crawled images: a weight for every sample.",
)


def _set_debug(ctx: typer.Context, value: bool) -> None:
    if value:
        ctx.find_root().meta["debug"] = True


def _print_version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(f"curate {version('curate')}")
        raise Exit


Debug = Annotated[
    bool, typer.Option("--debug", help="Show the traceback of an error.", callback=_set_debug)
]

Graph = Annotated[
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
    str,
    typer.Option(help="mean, or lstm: a bidirectional LSTM trained on the classes' own texts."),
]
ClassFile = Annotated[
    Path | None,
    typer.Option(
        "--classes", help="Table with columns label, synset, name, description: what classes are."
    ),
]
RunDir = Annotated[
    Path | None,
    typer.Option(
        help="Folder of the run's work. Default: MANIFEST.curate beside it.", show_default=False
    ),
]
Label = Annotated[str | None, typer.Option(help="Label column.")]
Caption = Annotated[str | None, typer.Option(help="Caption column.")]
FoundRun = Annotated[
    Path | None,
    typer.Option(
        "--run-dir", help="The run's folder, where the file does not say.", show_default=False
    ),
]
Prefix = Annotated[
    str | None,
    typer.Option(help="The --prefix that curate weight was given.", show_default=False),
]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
Root = Annotated[
    Path | None, typer.Option(help="Folder that image paths start from. Default: the manifest's.")
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
Image = Annotated[str | None, typer.Option(help="Image column: bytes or paths.")]
Key = Annotated[str | None, typer.Option(help="Key column; none: number the rows.")]
Workers = Annotated[
    int | None,
    typer.Option(help="Processes that decode images. Default: one for each core."),
]
RetryFailed = Annotated[
    bool, typer.Option("--retry-failed", help="Try the rows again that have no features.")
]


@app.callback()
def curate(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Clean the labels of web-crawled images: a weight for every sample."""


@app.command()
def weight(
    manifest: Annotated[Path, typer.Argument(help=MANIFEST, show_default=False)],
    alpha: Annotated[
        float, typer.Option(help="Distance from which on a sample weighs 0 (SINet Eq. 6).")
    ] = 1.2,
    beta: Annotated[float, typer.Option(help="Power of the weight (SINet Eq. 6).")] = 1.5,
    encoder: Encoder = None,
    embeddings: Annotated[
        Path | None,
        typer.Option(help="Take the features from this .npy file, or this folder's img_emb/*.npy."),
    ] = None,
    graph: Graph = "wordnet",
    text_model: TextModel = TEXT_MODEL,
    text_pooling: TextPooling = "mean",
    classes: ClassFile = None,
    caption_agreement: Annotated[
        bool,
        typer.Option(
            "--caption-agreement",
            help="Compare captions with labels: a column caption_agreement, and label_quality"
            " with it where that is found to help.",
        ),
    ] = False,
    zero_shot: Annotated[
        bool,
        typer.Option(
            "--zero-shot",
            help="With open_clip: compare images with class names too, where that is found to"
            " help label_quality.",
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Output: .parquet, .csv or .jsonl. Default: MANIFEST.weighted.parquet (or .csv,"
            " .jsonl as the manifest is).",
            show_default=False,
        ),
    ] = None,
    run_dir: RunDir = None,
    image: Image = None,
    label: Label = None,
    key: Key = None,
    caption: Caption = None,
    root: Root = None,
    device: Device = "auto",
    workers: Workers = None,
    slim: Annotated[
        bool, typer.Option("--slim", help="Write only the key and the new columns.")
    ] = False,
    prefix: Annotated[str, typer.Option(help="Put before the names of the new columns.")] = "",
    soft_labels: Annotated[
        int | None,
        typer.Option(
            metavar="K",
            help="Add smoothed targets: the given label shares with the K other classes that fit"
            " best. Not for .csv.",
            show_default=False,
        ),
    ] = None,
    retry_failed: RetryFailed = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the output if it exists.")
    ] = False,
    psi: Annotated[
        str, typer.Option(help="ψ of Eq. 4: softmax, or l2.", rich_help_panel=CONSISTENCY)
    ] = "softmax",
    tau_v: Annotated[
        float | None,
        typer.Option(
            help="Temperature of the softmax of visual similarities. Default: calibrated.",
            rich_help_panel=CONSISTENCY,
            show_default=False,
        ),
    ] = None,
    tau_t: Annotated[
        float | None,
        typer.Option(
            help="Temperature of the softmax of class relations. Default: calibrated.",
            rich_help_panel=CONSISTENCY,
            show_default=False,
        ),
    ] = None,
    gamma: Annotated[
        float, typer.Option(help="Power of the consistency.", rich_help_panel=CONSISTENCY)
    ] = 2.0,
    epsilon: Annotated[
        float, typer.Option(help="What is added to the KL.", rich_help_panel=CONSISTENCY)
    ] = 0.05,
    prototypes: Annotated[
        str,
        typer.Option(
            help="weighted: means weighted by consistency (Eq. 5); constant: plain means.",
            rich_help_panel=CONSISTENCY,
        ),
    ] = "weighted",
    rounds: Annotated[
        int,
        typer.Option(
            help="How often consistency is judged, each time by the prototypes of the time before"
            " and of other images.",
            rich_help_panel=CONSISTENCY,
        ),
    ] = 1,
    prototypes_per_class: Annotated[
        int,
        typer.Option(
            help="At most so many prototypes per class; the nearest counts.",
            rich_help_panel=CONSISTENCY,
        ),
    ] = 1,
    verified: Annotated[
        Path | None,
        typer.Option(
            help="Table of labels that a person has verified: key, label (null: none of the"
            " classes).",
            rich_help_panel=CONSISTENCY,
        ),
    ] = None,
    verified_use: Annotated[
        str,
        typer.Option(
            help="Prototypes from both verified and other rows, or, of classes with verified rows,"
            " from them only.",
            rich_help_panel=CONSISTENCY,
        ),
    ] = "both",
    debug: Debug = False,
) -> None:
    """Give every sample of a crawl a weight, a quality and a suggested label.

    Example: curate weight crawl.parquet --alpha 1.2 --beta 1.5
    """
    from curate.commands.weight import weigh_and_report
    from curate.options.columns import ColumnOptions
    from curate.options.weight import MethodOptions, WeightOptions

    weigh_and_report(
        WeightOptions(
            manifest=manifest,
            alpha=alpha,
            beta=beta,
            method=MethodOptions(
                gamma=gamma,
                epsilon=epsilon,
                psi=psi,
                tau_v=tau_v,
                tau_t=tau_t,
                prototypes=prototypes,
                rounds=rounds,
                per_class=prototypes_per_class,
                verified=verified_use,
            ),
            verified=verified,
            encoder=encoder,
            embeddings=embeddings,
            graph=graph,
            text_model=text_model,
            text_pooling=text_pooling,
            classes=classes,
            caption_agreement=caption_agreement,
            zero_shot=zero_shot,
            out=out,
            run_dir=run_dir,
            columns=ColumnOptions(image=image, label=label, key=key, caption=caption),
            root=root,
            device=device,
            workers=workers,
            slim=slim,
            prefix=prefix,
            soft_labels=soft_labels,
            retry_failed=retry_failed,
            overwrite=overwrite,
        )
    )


@app.command()
def embed(
    manifest: Annotated[Path, typer.Argument(help=MANIFEST, show_default=False)],
    encoder: Encoder = None,
    run_dir: RunDir = None,
    image: Image = None,
    label: Label = None,
    key: Key = None,
    root: Root = None,
    device: Device = "auto",
    workers: Workers = None,
    retry_failed: RetryFailed = False,
    debug: Debug = False,
) -> None:
    """Make the features of a crawl, as curate weight begins; it then finds them.

    Example: curate embed crawl.parquet --encoder onnx:model.onnx
    """
    from curate.commands.embed import embed_and_report
    from curate.options.columns import ColumnOptions
    from curate.options.weight import WeightOptions

    embed_and_report(
        WeightOptions(
            manifest=manifest,
            encoder=encoder,
            run_dir=run_dir,
            columns=ColumnOptions(image=image, label=label, key=key),
            root=root,
            device=device,
            workers=workers,
            retry_failed=retry_failed,
        )
    )


@app.command()
def inspect(
    weighted: Annotated[Path, typer.Argument(help="What curate weight wrote.", show_default=False)],
    label: Annotated[
        str | None,
        typer.Option("--class", "--given", help="Only of this class.", show_default=False),
    ] = None,
    suggested: Annotated[
        str | None, typer.Option(help="Only what seems to be this class.", show_default=False)
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(help="Only this issue: relabel or outlier.", show_default=False),
    ] = None,
    status: Annotated[
        str | None,
        typer.Option(help="Only of this status: ok, missing, truncated ...", show_default=False),
    ] = None,
    sort: Annotated[
        str, typer.Option(help="What comes first by: quality, weight, distance or random.")
    ] = "quality",
    limit: Annotated[int, typer.Option(min=1, help="How many samples.")] = 12,
    key: Annotated[
        str | None,
        typer.Option(help="Show the sample of this key in full.", show_default=False),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write JSON, for programs, in place of all this.")
    ] = False,
    pictures: Annotated[
        str,
        typer.Option(help="auto, blocks (two pixels a character), sixel, kitty, or none: words."),
    ] = "auto",
    image: Image = None,
    label_column: Annotated[str | None, typer.Option("--label", help="Label column.")] = None,
    key_column: Annotated[str | None, typer.Option(help="Key column.")] = None,
    caption: Caption = None,
    root: Root = None,
    prefix: Prefix = None,
    run_dir: FoundRun = None,
    debug: Debug = False,
) -> None:
    """Show a summary and the worst suspects, as small pictures where the terminal has colours.

    Example: curate inspect crawl.weighted.parquet --class crane
    """
    from curate.commands.inspect import InspectOptions
    from curate.commands.inspect import inspect as show
    from curate.inspect.pictures import parse_pictures
    from curate.inspect.select import Selection
    from curate.options.columns import ColumnOptions
    from curate.options.weighted import WeightedOptions

    columns = ColumnOptions(image=image, label=label_column, key=key_column, caption=caption)
    show(
        InspectOptions(
            WeightedOptions(weighted, columns, root=root, prefix=prefix, run_dir=run_dir),
            Selection(label, suggested, kind, status, sort, limit),
            key=key,
            pictures=parse_pictures(pictures),
            as_json=as_json,
        )
    )


@app.command()
def verify(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="What curate weight wrote; with --merge, files of answers.", show_default=False
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="File of answers (.parquet). Default: beside the manifest, MANIFEST.verified"
            ".parquet.",
            show_default=False,
        ),
    ] = None,
    strategy: Annotated[
        str,
        typer.Option(
            help="suspect: the worst first; boundary: where it is least sure; balanced: every class"
            " and every quality, for curate refine; random: for an unbiased share of wrong labels."
        ),
    ] = "suspect",
    limit: Annotated[
        int, typer.Option(min=1, help="How many samples, all sittings together.")
    ] = 200,
    label: Annotated[str | None, typer.Option("--class", help="Only of this class.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="For balanced and random: other samples.")] = 0,
    by: Annotated[
        str | None, typer.Option(help="Who answers. Default: the login.", show_default=False)
    ] = None,
    merge: Annotated[
        bool,
        typer.Option(
            "--merge", help="Put several people's files together; disagreements are left out."
        ),
    ] = False,
    pictures: Annotated[
        str, typer.Option(help="auto, blocks (two pixels a character), sixel or kitty.")
    ] = "auto",
    image: Image = None,
    label_column: Annotated[str | None, typer.Option("--label", help="Label column.")] = None,
    key: Annotated[str | None, typer.Option(help="Key column.")] = None,
    caption: Caption = None,
    root: Root = None,
    prefix: Prefix = None,
    run_dir: FoundRun = None,
    debug: Debug = False,
) -> None:
    """Look at samples and say what they are, with single keys; every answer is kept at once.

    Example: curate verify crawl.weighted.parquet --strategy balanced

    Example: curate verify --merge anna.parquet bert.parquet --out merged.parquet
    """
    from curate.commands.verify import VerifyOptions, run_verify
    from curate.inspect.pictures import parse_pictures
    from curate.options.columns import ColumnOptions
    from curate.verify.queue import QueueOptions

    run_verify(
        VerifyOptions(
            files=files,
            queue=QueueOptions(strategy, limit, label, seed),
            out=out,
            by=by,
            columns=ColumnOptions(image=image, label=label_column, key=key, caption=caption),
            root=root,
            prefix=prefix,
            run_dir=run_dir,
            pictures=parse_pictures(pictures),
            merge=merge,
        )
    )


@app.command()
def refine(
    weighted: Annotated[Path, typer.Argument(help="What curate weight wrote.", show_default=False)],
    verified: Annotated[
        Path | None,
        typer.Option(
            help="Table of labels that a person has verified: key, label (null or an empty list:"
            " none of the classes). What curate verify writes.",
            show_default=False,
        ),
    ] = None,
    head: Annotated[
        str,
        typer.Option(
            help="auto, stack, xiao, veit, veit:joint (not pretrained), hu, hu:sigmoid, hu:tanh,"
            " nmn (needs no verified rows), nmn:dependent (on features), fine-tune,"
            " fine-tune:mixed, sukhbaatar."
        ),
    ] = "auto",
    apply: Annotated[
        Path | None,
        typer.Option(
            metavar="HEAD_DIR",
            help="Use a head that was trained before, on another crawl of the same classes and"
            " encoder too.",
            show_default=False,
        ),
    ] = None,
    new_classes: Annotated[
        bool,
        typer.Option(
            "--new-classes", help="Take verified labels that no row was given for classes too."
        ),
    ] = False,
    bag: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="With nmn: rows of one value share their labels (frames of a video).",
            show_default=False,
        ),
    ] = None,
    epochs: Annotated[int, typer.Option(help="Of each stage of a training, at most.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, the same head.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Output. Default: MANIFEST.refined.parquet (or .csv, .jsonl).", show_default=False
        ),
    ] = None,
    run_dir: FoundRun = None,
    label: Label = None,
    key: Annotated[str | None, typer.Option(help="Key column.")] = None,
    prefix: Prefix = None,
    device: Device = "auto",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the output if it exists.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Correct labels with a head trained on a verified subset.

    Example: curate refine crawl.weighted.parquet --verified verified.parquet
    """
    from curate.commands.refine import refine_and_report
    from curate.options.columns import ColumnOptions
    from curate.options.refine import RefineOptions
    from curate.options.weighted import WeightedOptions

    columns = ColumnOptions(label=label, key=key)
    refine_and_report(
        RefineOptions(
            weighted=WeightedOptions(weighted, columns, prefix=prefix, run_dir=run_dir),
            verified=verified,
            head=head,
            apply=apply,
            new_classes=new_classes,
            bag=bag,
            epochs=epochs,
            seed=seed,
            device=device,
            out=out,
            overwrite=overwrite,
        )
    )


@app.command()
def report(
    weighted: Annotated[Path, typer.Argument(help="What curate weight wrote.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option(help="The page: an .html. Default: WEIGHTED.html.", show_default=False),
    ] = None,
    title: Annotated[
        str | None,
        typer.Option(help="What stands above it. Default: the file's name.", show_default=False),
    ] = None,
    limit: Annotated[
        int, typer.Option(help="Suspects of a class; fewer where there are many classes.")
    ] = 12,
    image: Image = None,
    label: Label = None,
    key: Annotated[str | None, typer.Option(help="Key column.")] = None,
    caption: Caption = None,
    root: Root = None,
    prefix: Prefix = None,
    run_dir: FoundRun = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the page if it exists.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Write one HTML page to look through and to send: plots, classes, suspects, good examples.

    Example: curate report crawl.weighted.parquet --out report.html
    """
    from curate.commands.report import ReportOptions, write_report
    from curate.options.columns import ColumnOptions
    from curate.options.weighted import WeightedOptions

    columns = ColumnOptions(image=image, label=label, key=key, caption=caption)
    source = WeightedOptions(weighted, columns, root=root, prefix=prefix, run_dir=run_dir)
    write_report(ReportOptions(source, out, title, limit, overwrite))


@app.command()
def export(
    weighted: Annotated[Path, typer.Argument(help="What curate weight wrote.", show_default=False)],
    to: Annotated[
        str,
        typer.Option(
            help="parquet, csv, jsonl, webdataset, imagefolder, huggingface, fiftyone, cleanlab or"
            " datacomp.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(help="The file or folder to write.", show_default=False)],
    keep: Annotated[
        str | None,
        typer.Option(
            help="all; weighted: what weighs more than 0; clean: and is not flagged. Default:"
            " weighted, and all for fiftyone and cleanlab.",
            show_default=False,
        ),
    ] = None,
    min_quality: Annotated[
        float | None, typer.Option(help="Keep what has at least this label_quality (0 to 1).")
    ] = None,
    labels: Annotated[
        str,
        typer.Option(
            help="given; suggested: where another class fits, that one; refined: what curate"
            " refine says; soft: the targets of curate weight --soft-labels."
        ),
    ] = "given",
    normalize: Annotated[
        str, typer.Option(help="mean: weights have the mean 1; class: in each class; none.")
    ] = "none",
    split: Annotated[
        str | None,
        typer.Option(
            help="Shares such as 0.9/0.1 (train, validation) or 8/1/1 (and test), by a hash of the"
            " key: a row stays where it is when others are added.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed splits otherwise.")] = 0,
    rename: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OLD=NEW", help="Give a column another name; may be given several times."
        ),
    ] = None,
    link: Annotated[
        bool,
        typer.Option("--link", help="imagefolder, fiftyone: link to picture files, copy no bytes."),
    ] = False,
    rows_per_shard: Annotated[
        int, typer.Option(help="webdataset, huggingface: rows in a file.")
    ] = 10_000,
    image: Image = None,
    label: Label = None,
    key: Key = None,
    caption: Caption = None,
    root: Root = None,
    prefix: Annotated[
        str | None,
        typer.Option(help="The --prefix that curate weight was given.", show_default=False),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier export.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Write a weighted manifest in the form that a trainer reads, and read it back.

    Example: curate export crawl.weighted.parquet --to webdataset --out shards
    """
    from curate.commands.export import export_and_report
    from curate.options.columns import ColumnOptions
    from curate.options.export import ExportOptions, SelectOptions, read_renames
    from curate.options.weighted import WeightedOptions

    columns = ColumnOptions(image=image, label=label, key=key, caption=caption)
    export_and_report(
        ExportOptions(
            weighted=WeightedOptions(weighted, columns, root, prefix),
            to=to,
            out=out,
            select=SelectOptions(keep, min_quality, labels, normalize, split, seed),
            rename=read_renames(rename or []),
            link=link,
            rows_per_shard=rows_per_shard,
            overwrite=overwrite,
        )
    )


@app.command()
def graph(
    manifest: Annotated[Path, typer.Argument(help=MANIFEST, show_default=False)],
    graph: Graph = "wordnet",
    text_model: TextModel = TEXT_MODEL,
    text_pooling: TextPooling = "mean",
    classes: ClassFile = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Heat map: a .png. Default: graph.png in the run's folder.", show_default=False
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(help="How many classes to list. Default: all.")
    ] = None,
    run_dir: RunDir = None,
    label: Label = None,
    caption: Caption = None,
    device: Device = "auto",
    debug: Debug = False,
) -> None:
    """Show which classes each graph takes for near: a table and a heat map; needs no images.

    Example: curate graph crawl.parquet --graph wordnet+text:description
    """
    from curate.commands.graph import ShowOptions, show_graph
    from curate.options.columns import ColumnOptions
    from curate.options.graph import GraphOptions

    show_graph(
        ShowOptions(
            manifest=manifest,
            graph=GraphOptions(graph, text_model, text_pooling, classes, device),
            out=out,
            limit=limit,
            run_dir=run_dir,
            columns=ColumnOptions(label=label, caption=caption),
        )
    )


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Where the crawl is drawn.")] = Path("demo"),
    rows: Annotated[int, typer.Option(min=120, help="How many pictures.")] = 1200,
    seed: Annotated[int, typer.Option(min=0, help="Another seed draws another crawl.")] = 0,
    debug: Debug = False,
) -> None:
    """Draw a small crawl with wrong labels, weigh it, and show what was found.

    Example: curate demo
    """
    from curate.commands.demo import run_demo

    run_demo(folder, rows, seed)


def _explain(error: BaseException) -> int:
    """Print one sentence on standard error; return the exit code."""
    from curate.terminal.explain import explain
    from curate.terminal.printable import message

    sentence, code = explain(error)
    if sentence:
        typer.secho(message(sentence), err=True, fg="red" if code in (1, 2) else None)
    return code


def main() -> None:
    """Run the command line; a terminal of few characters gets question marks, not a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        # What `nohup` ignores stays ignored.
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _stop)
    app()


def _stop(number: int, _: object) -> None:
    """End as Ctrl-C does: what is half done is cleared, and workers end."""
    raise KeyboardInterrupt(number)
