"""Histograms as SVG; their colours are the page's own, so that they follow its light and dark."""

import json

import vl_convert

WIDTH, HEIGHT = 340, 150
"""Pixels, with what stands around the bars."""
TICKS = 4
Y_AXIS = {"labelExpr": "format(datum.value, '~s')", "minExtent": 32, "maxExtent": 32}
"""Plots beside each other are of one size, whatever their counts."""
FONT_SIZE = 12


def histogram(edges: list[float], counts: list[int], axis: str, unit: str, form: str) -> str:
    """Draw ``counts`` (n,) between ``edges`` (n + 1,), which are written in d3's ``form``.

    Each bar says its range and its count to a screen reader, and to the page's script.
    """
    bars = [
        {"low": low, "high": high, "count": count, "said": _said(low, high, count, unit, form)}
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
    quiet = {"domain": False, "ticks": False, "labelColor": "var(--muted)", "title": None}
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "description": axis,
        "width": WIDTH,
        "height": HEIGHT,
        "autosize": {"type": "fit", "contains": "padding"},
        "data": {"values": bars},
        "mark": {"type": "bar", "color": "var(--bar)", "binSpacing": 1.5},
        "encoding": {
            "x": {
                "field": "low",
                "type": "quantitative",
                "bin": {"binned": True},
                "axis": {
                    **quiet,
                    "grid": False,
                    "tickCount": TICKS,
                    "format": form,
                    "labelFlush": False,
                },
                "scale": {"domain": [edges[0], edges[-1]], "nice": False},
            },
            "x2": {"field": "high"},
            "y": {
                "field": "count",
                "type": "quantitative",
                "axis": {**quiet, **Y_AXIS, "gridColor": "var(--line)", "tickCount": TICKS},
            },
            "description": {"field": "said"},
        },
        "config": {
            "background": "transparent",
            "view": {"stroke": None},
            "axis": {"labelFontSize": FONT_SIZE, "labelFont": "inherit", "labelPadding": 6},
        },
    }
    return vl_convert.vegalite_to_svg(json.dumps(spec))


def _said(low: float, high: float, count: int, unit: str, form: str) -> str:
    percent = form.endswith("%")
    bounds = (f"{value:.0%}" if percent else f"{value:.3g}" for value in (low, high))
    return f"{' to '.join(bounds)}: {count:,} {unit}"
