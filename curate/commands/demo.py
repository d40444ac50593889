"""`curate demo`: draw a crawl, weigh it as a user would, hold the result against the truth."""

from rich.console import Console
from rich.text import Text

from curate.commands.weight import weigh_and_report
from curate.demo.crawl import make_crawl
from curate.demo.findings import show_findings
from curate.errors import CurateError
from curate.options.demo import DemoOptions
from curate.options.weight import WeightOptions
from curate.terminal.command_line import command_line
from curate.terminal.notices import say


def run_demo(options: DemoOptions, quiet: bool = False) -> None:
    """Leave crawl.parquet, truth.parquet and crawl.weighted.parquet in its folder."""
    folder, rows = options.folder, options.rows
    if folder.exists() and not folder.is_dir():
        raise CurateError(f"{folder} is a file, and the demo is drawn into a folder; name one.")
    if (folder / "crawl.parquet").exists() and not (folder / "truth.parquet").exists():
        raise CurateError(
            f"{folder} holds a crawl.parquet that the demo has not drawn; name another folder."
        )
    console = Console(quiet=quiet)
    crawl, truth = make_crawl(folder, rows, options.seed)
    say(console, f"Drew {rows:,} pictures, 30% with a wrong label: {crawl}")
    console.print()
    line = command_line("weight", crawl, encoder="embedded")
    console.print(Text(f"$ {line}\n", "bold"), soft_wrap=True)
    chosen = WeightOptions(manifest=crawl, encoder="embedded", overwrite=True)
    weigh_and_report(chosen, quiet)
    console.print()
    show_findings(console, chosen.output, truth)
