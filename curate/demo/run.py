"""`curate demo`: draw a crawl, weigh it as a user would, hold the result against the truth."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape

from curate.demo.crawl import make_crawl
from curate.demo.report import show_findings
from curate.errors import CurateError
from curate.options import WeightOptions
from curate.weigh import weigh_and_report


def run_demo(folder: Path, rows: int, seed: int) -> None:
    """Leave crawl.parquet, truth.parquet and crawl.weighted.parquet in ``folder``."""
    if (folder / "crawl.parquet").exists() and not (folder / "truth.parquet").exists():
        raise CurateError(
            f"{folder} holds a crawl.parquet that the demo has not drawn; name another folder."
        )
    console = Console()
    crawl, truth = make_crawl(folder, rows, seed)
    shown = escape(str(crawl))
    console.print(f"Drew {rows:,} pictures, 30% with a wrong label: {shown}\n", highlight=False)
    console.print(f"[bold]$ curate weight {shown} --encoder embedded[/]\n", highlight=False)
    options = WeightOptions(manifest=crawl, encoder="embedded", overwrite=True)
    weigh_and_report(options)
    console.print()
    show_findings(console, options.output, truth)
