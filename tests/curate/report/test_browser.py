"""The page in a real browser: what a person does with it, by mouse and by keyboard."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browsers import PHONE


@pytest.fixture
def opened(browser: Browser, page: Path) -> Iterator[Page]:
    """Open the page; whatever the browser complains of, loads or is alerted to fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    tab, complaints = context.new_page(), []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("dialog", lambda alert: complaints.append(alert.message))
    requested = []
    tab.on("request", lambda request: requested.append(request.url))
    tab.goto(page.as_uri())
    yield tab
    assert complaints == []
    assert {url.split(":")[0] for url in requested[1:]} <= {"data"}
    context.close()


def test_it_opens_without_a_complaint_and_draws_its_plots(opened: Page) -> None:
    expect(opened.locator("figure svg")).to_have_count(2)
    box = opened.locator("figure svg rect[aria-label]").first.bounding_box()
    assert box is not None
    assert box["width"] > 3
    assert opened.evaluate("document.images.length") > 0
    assert opened.evaluate("[...document.images].every((image) => image.naturalWidth > 0)")


def test_the_table_sorts_and_filters(opened: Page) -> None:
    rows = opened.locator("tbody tr")
    expect(rows).to_have_count(6)
    sizes = opened.locator("thead button", has_text="rows")
    for direction in ("descending", "ascending"):
        sizes.click()
        expect(opened.locator("thead th[aria-sort]")).to_have_attribute("aria-sort", direction)
        counts = [int(text) for text in opened.locator("tbody td:nth-child(2)").all_inner_texts()]
        assert counts == sorted(counts, reverse=direction == "descending")
    opened.keyboard.press("/")
    opened.keyboard.type("crane")
    expect(opened.locator("tbody a", has_text="crane")).to_have_count(1)
    expect(opened.locator("#shown")).to_have_text(f"{rows.count()} of 6")
    assert rows.count() < 6


def test_by_keyboard_a_class_and_a_sample_open_and_close(opened: Page) -> None:
    opened.locator("tbody a").first.focus()
    name = opened.locator("tbody a").first.inner_text()
    opened.keyboard.press("Enter")
    heading = opened.locator("#class h1")
    expect(heading).to_have_text(name)
    expect(heading).to_be_focused()
    card = opened.locator("#class .suspects .card").first
    card.focus()
    opened.keyboard.press("Enter")
    sample = opened.locator("dialog")
    expect(sample).to_be_visible()
    expect(sample.locator("[role=status]")).to_have_text("1 of 12")
    first = sample.locator(".facts").inner_text()
    assert "label quality" in first
    opened.keyboard.press("ArrowRight")
    expect(sample.locator("[role=status]")).to_have_text("2 of 12")
    assert sample.locator(".facts").inner_text() != first
    opened.keyboard.press("Escape")
    expect(sample).to_be_hidden()
    expect(card).to_be_focused()
    opened.keyboard.press("ArrowRight")
    expect(heading).not_to_have_text(name)
    opened.keyboard.press("Escape")
    expect(opened.locator("#overview")).to_be_visible()


def test_chips_filter_a_gallery(opened: Page) -> None:
    opened.locator("tbody a").first.click()
    chips, cards = opened.locator("#class .chips button"), opened.locator("#class .suspects .card")
    sizes = [int(size) for size in opened.locator("#class .chips small").all_inner_texts()]
    assert sizes[0] == 12
    assert sizes[0] > sizes[1] > 0
    expect(cards).to_have_count(sizes[0])
    chips.nth(1).click()
    expect(chips.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(chips.first).to_have_attribute("aria-pressed", "false")
    expect(cards).to_have_count(sizes[1])
    cards.first.click()
    expect(opened.locator("dialog [role=status]")).to_have_text(f"1 of {sizes[1]}")


def test_a_suspect_has_the_quality_of_both_labels_and_good_examples_of_both(opened: Page) -> None:
    card = opened.locator("#worst .card").first
    given, suggested = (float(text) for text in card.locator(".quality").all_inner_texts())
    assert given < suggested <= 1
    card.click()
    dialog = opened.locator("dialog")
    expect(dialog.locator(".examples figure")).to_have_count(2)
    name = dialog.locator("h2 bdi").first.inner_text()
    expect(dialog.locator(".examples figcaption").first).to_have_text(f"Good examples of {name}")
    assert dialog.locator(".examples img").count() > 2


def test_the_map_of_relations_tells_a_pair_by_mouse_and_keyboard(opened: Page) -> None:
    frame, said = opened.locator(".map .frame"), opened.locator("#cell")
    frame.hover(position={"x": 5, "y": 5})
    before = said.inner_text()
    frame.focus()
    opened.keyboard.press("ArrowRight")
    expect(said).not_to_have_text(before)
    expect(said).to_contain_text(" and ")
    expect(opened.locator(".axis.left span")).to_have_count(6)
    opened.keyboard.press("Enter")
    expect(opened.locator("#class")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_in_light_and_dark(browser: Browser, page: Path, scheme: str) -> None:
    context = browser.new_context(viewport=PHONE, color_scheme=scheme, has_touch=True)
    tab = context.new_page()
    tab.goto(page.as_uri())
    long = f"curate weight crawl.parquet --encoder onnx:/{'models/' * 12}model.onnx"
    tab.evaluate("(long) => { document.querySelector('code').textContent = long; }", long)
    for place in ("", "#class-1"):
        tab.evaluate(f"location.hash = '{place}'")
        assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    tab.locator("#class .card").first.tap()
    expect(tab.locator("dialog")).to_be_visible()
    paper = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (int(paper.removeprefix("rgb(").split(",")[0]) > 128) == (scheme == "light")
    context.close()
