"""The command line: options in, one call into curate, errors out."""

import io
import signal
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import Abort, Exit, TyperException

from curate.options.demo import DemoOptions
from curate.options.duplicates import DuplicatesOptions
from curate.options.embed import EmbedOptions
from curate.options.export import ExportOptions
from curate.options.inspect import InspectOptions
from curate.options.on_command_line import takes_options
from curate.options.one_word_too_many import Command
from curate.options.refine import RefineOptions
from curate.options.report import ReportOptions
from curate.options.show_graph import ShowOptions
from curate.options.verify import VerifyOptions
from curate.options.weight import WeightOptions


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
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    help="Clean the labels of web-crawled images: a weight for every sample.",
)


def _print_version(value: bool) -> None:
    if value:
        from curate.store.versions import versions

        typer.echo(f"curate {versions()['curate']}")
        raise Exit


@app.callback()
def curate(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Clean the labels of web-crawled images: a weight for every sample."""


@app.command(cls=Command)
@takes_options(WeightOptions)
def weight(options: WeightOptions, quiet: bool) -> None:
    """Give every sample of a crawl a weight, a quality and a suggested label.

    Example: curate weight crawl.parquet --alpha 1.2 --beta 1.5
    """
    from curate.commands.weight import weigh_and_report

    weigh_and_report(options, quiet)


@app.command(cls=Command)
@takes_options(EmbedOptions)
def embed(options: EmbedOptions, quiet: bool) -> None:
    """Make the features of a crawl, as curate weight begins; it then finds them.

    Example: curate embed crawl.parquet --encoder onnx:model.onnx
    """
    from curate.commands.embed import embed_and_report

    embed_and_report(options.weigh_options, quiet)


@app.command(cls=Command)
@takes_options(InspectOptions)
def inspect(options: InspectOptions, quiet: bool) -> None:
    """Show a summary and the worst suspects, as small pictures where the terminal has colours.

    Example: curate inspect crawl.weighted.parquet --class crane
    """
    from curate.commands.inspect import inspect as show

    show(options, quiet=quiet)


@app.command(cls=Command)
@takes_options(DuplicatesOptions)
def duplicates(options: DuplicatesOptions, quiet: bool) -> None:
    """Show the groups of copies in a weighted crawl, those with different labels first.

    Example: curate duplicates crawl.weighted.parquet
    """
    from curate.commands.duplicates import show_duplicates

    show_duplicates(options, quiet=quiet)


@app.command(cls=Command)
@takes_options(VerifyOptions)
def verify(options: VerifyOptions, quiet: bool) -> None:
    """Look at samples and say what they are, with single keys; every answer is kept at once.

    Example: curate verify crawl.weighted.parquet --strategy balanced

    Example: curate verify --merge anna.parquet bert.parquet --out merged.parquet
    """
    from curate.commands.verify import run_verify

    run_verify(options, quiet)


@app.command(cls=Command)
@takes_options(RefineOptions)
def refine(options: RefineOptions, quiet: bool) -> None:
    """Correct labels with a head trained on a verified subset.

    Example: curate refine crawl.weighted.parquet --verified verified.parquet
    """
    from curate.commands.refine import refine_and_report

    refine_and_report(options, quiet)


@app.command(cls=Command)
@takes_options(ReportOptions)
def report(options: ReportOptions, quiet: bool) -> None:
    """Write one HTML page to look through and to send: plots, classes, suspects, good examples.

    Example: curate report crawl.weighted.parquet --out report.html
    """
    from curate.commands.report import write_report

    write_report(options, quiet)


@app.command(cls=Command)
@takes_options(ExportOptions)
def export(options: ExportOptions, quiet: bool) -> None:
    """Write a weighted manifest in the form that a trainer reads, and read it back.

    Example: curate export crawl.weighted.parquet --to webdataset --out shards
    """
    from curate.commands.export import export_and_report

    export_and_report(options, quiet)


@app.command(cls=Command)
@takes_options(ShowOptions)
def graph(options: ShowOptions, quiet: bool) -> None:
    """Show which classes each graph takes for near: a table and a heat map; needs no images.

    Example: curate graph crawl.parquet --graph wordnet+text:description
    """
    from curate.commands.graph import show_graph

    show_graph(options, quiet)


@app.command(cls=Command)
@takes_options(DemoOptions)
def demo(options: DemoOptions, quiet: bool) -> None:
    """Draw a small crawl with wrong labels, weigh it, and show what was found.

    Example: curate demo
    """
    from curate.commands.demo import run_demo

    run_demo(options, quiet)


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
