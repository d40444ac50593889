"""Histograms as SVG."""

import re
from xml.etree import ElementTree

import pytest

from curate.report.plots import BOTTOM, HEIGHT, WIDTH, Marked, histogram, round_values

SVG = "{http://www.w3.org/2000/svg}"


def test_bars_have_the_heights_of_their_counts_and_say_them() -> None:
    edges, counts = [0.0, 0.25, 0.5, 1.0], [10, 0, 40_000]
    svg = ElementTree.fromstring(histogram(edges, counts, "a < b", "images", percent=False))
    bars = svg.findall(f"{SVG}rect")
    heights = [float(bar.get("height", "")) for bar in bars]
    assert heights[1] == 0
    assert heights[0] / heights[2] == pytest.approx(10 / 40_000, abs=1e-4)
    widths = [float(bar.get("width", "")) for bar in bars]
    assert widths[2] > 1.9 * widths[0] == 1.9 * widths[1]
    assert [bar.get("aria-label") for bar in bars] == [
        "0 to 0.25: 10 images", "0.25 to 0.5: 0 images", "0.5 to 1: 40,000 images",
    ]  # fmt: skip
    for bar in bars:
        left, top = float(bar.get("x", "")), float(bar.get("y", ""))
        assert 0 <= left <= left + float(bar.get("width", "")) <= WIDTH
        assert 0 <= top <= top + float(bar.get("height", "")) <= HEIGHT
    assert svg.get("aria-label") == "a < b"
    said = [text.text for text in svg.findall(f"{SVG}text")]
    assert said == ["0", "10k", "20k", "30k", "40k", "0", "0.2", "0.4", "0.6", "0.8", "1"]


def test_a_part_of_each_bar_and_a_limit_are_marked() -> None:
    marked = Marked([10, 5], "flagged", limit=0.5)
    drawn = histogram([0.0, 0.5, 1.0], [10, 20], "a", "images", percent=False, marked=marked)
    svg = ElementTree.fromstring(drawn)
    bars = svg.findall(f"{SVG}rect[@aria-label]")
    assert [bar.get("aria-label") for bar in bars] == [
        "0 to 0.5: 10 images, 10 flagged", "0.5 to 1: 20 images, 5 flagged",
    ]  # fmt: skip
    parts = svg.findall(f"{SVG}rect[@class='marked']")
    for bar, part, share in zip(bars, parts, (1, 0.25), strict=True):
        height = float(part.get("height", ""))
        assert height == pytest.approx(share * float(bar.get("height", "")), abs=0.01)
        assert float(part.get("y", "")) + height == pytest.approx(HEIGHT - BOTTOM, abs=0.02)
    (limit,) = svg.findall(f"{SVG}line[@class='limit']")
    assert float(limit.get("x1", "")) == pytest.approx(float(bars[1].get("x", "")), abs=1)


def test_shares_are_in_per_cent_and_an_empty_plot_can_be_drawn() -> None:
    svg = histogram([0.0, 0.5, 1.0], [0, 0], "share", "classes", percent=True)
    assert "0% to 50%: 0 classes" in svg
    assert not re.search("nan|inf", svg)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]), (0, 7, [0, 2, 4, 6]), (0, 1.7, [0, 0.5, 1, 1.5])],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert round_values(low, high) == pytest.approx(expected)


def test_few_counts_have_whole_ticks() -> None:
    assert round_values(0, 2, whole=True) == [0, 1, 2]
