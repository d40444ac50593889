"""`curate demo`: draw a crawl, weigh it as a user would, hold the result against the truth."""

from pathlib import Path

from rich.console import Console
from rich.text import Text

from curate.commands.weight import weigh_and_report
from curate.demo.crawl import make_crawl
from curate.demo.report import show_findings
from curate.errors import CurateError
from curate.options.weight import WeightOptions
from curate.terminal.command_line import command_line
from curate.terminal.notices import say


def run_demo(folder: Path, rows: int, seed: int) -> None:
    """Leave crawl.parquet, truth.parquet and crawl.weighted.parquet in ``folder``."""
    if (folder / "crawl.parquet").exists() and not (folder / "truth.parquet").exists():
        raise CurateError(
            f"{folder} holds a crawl.parquet that the demo has not drawn; name another folder."
        )
    console = Console()
    crawl, truth = make_crawl(folder, rows, seed)
    say(console, f"Drew {rows:,} pictures, 30% with a wrong label: {crawl}")
    console.print()
    line = command_line("weight", crawl, encoder="embedded")
    console.print(Text(f"$ {line}\n", "bold"), soft_wrap=True)
    options = WeightOptions(manifest=crawl, encoder="embedded", overwrite=True)
    weigh_and_report(options)
    console.print()
    show_findings(console, options.output, truth)
