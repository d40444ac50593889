"""Pages to answer, and people who do it in a real browser."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from rich.console import Console

from curate.commands.verify import run_verify
from curate.commands.weight import weigh
from curate.options.verify import VerifyOptions
from tests.browsers import browser as browser
from tests.hostile_crawl import draw_crawl

DESK = {"width": 1280, "height": 900}


@pytest.fixture(scope="session")
def weighed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weigh a crawl of 180 rows whose texts are hostile."""
    return weigh(draw_crawl(tmp_path_factory.mktemp("crawl")), Console(quiet=True)).out


@pytest.fixture(scope="session")
def random_page(weighed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a page of 125 of its rows, drawn at random."""
    page = tmp_path_factory.mktemp("page") / "random.html"
    run_verify(VerifyOptions([weighed], html=page, strategy="random", limit=125))
    return page


Opens = Callable[..., Page]


@pytest.fixture
def opens(browser: Browser) -> Iterator[Opens]:
    """Open a page as a person who never saw it, or in the browser that another tab is in.

    Whatever the browser complains of or loads fails the test.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_(page: Path, beside: Page | None = None, script: str = "", **options: object) -> Page:
        context = browser.new_context(viewport=DESK) if not options else None
        if beside is not None:
            context = beside.context
        elif context is None:
            context = browser.new_context(**options)  # type: ignore[arg-type]
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("request", lambda one: complaints.append(one.url) if loads(one.url) else None)
        if script:
            tab.add_init_script(script)
        tab.goto(page.as_uri())
        return tab

    def loads(url: str) -> bool:
        return url.split(":")[0] not in ("file", "data", "blob")

    yield open_
    assert complaints == []
    for context in contexts:
        context.close()
