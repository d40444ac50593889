"""A crawl whose texts are hostile, weighed; its report; and a real browser to look at it."""

from pathlib import Path

import pytest
from rich.console import Console

from curate.commands.report import write_report
from curate.commands.weight import weigh
from curate.options.report import ReportOptions
from tests.browsers import browser as browser
from tests.hostile_crawl import draw_crawl


@pytest.fixture(scope="session")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a weighted manifest; its run is beside it."""
    options = draw_crawl(tmp_path_factory.mktemp("crawl"))
    return weigh(options, Console(quiet=True)).out


@pytest.fixture(scope="session")
def page(crawl: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give its report."""
    out = tmp_path_factory.mktemp("report") / "report.html"
    write_report(ReportOptions(crawl, out=out, title="</title><script>alert(3)"))
    return out
