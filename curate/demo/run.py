"""`curate demo`: draw a crawl, weigh it as a user would, hold the result against the truth."""

from pathlib import Path

from rich.console import Console

from curate.demo.crawl import make_crawl
from curate.demo.report import show_findings
from curate.options import WeightOptions
from curate.weigh import weigh_and_report


def run_demo(folder: Path, rows: int, seed: int) -> None:
    """Leave crawl.parquet, truth.parquet and crawl.weighted.parquet in ``folder``."""
    console = Console()
    crawl, truth = make_crawl(folder, rows, seed)
    console.print(f"Drew {rows:,} pictures, 30% with a wrong label: {crawl}\n", highlight=False)
    console.print(f"[bold]$ curate weight {crawl} --encoder embedded[/]\n", highlight=False)
    options = WeightOptions(manifest=crawl, encoder="embedded", overwrite=True)
    weigh_and_report(options)
    console.print()
    show_findings(console, options.output, truth)
