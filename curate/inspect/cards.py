"""The texts on a sample's card."""

from collections.abc import Mapping

import polars as pl

from curate.images.source import ImageSource
from curate.images.status import Status
from curate.inspect.class_names import named
from curate.inspect.gallery import Card
from curate.inspect.terminal_pictures import Pictures
from curate.weighted.columns import NOISE_NAMES
from curate.weighted.noise_type_filter import ADVICE
from curate.weighted.weighted import Weighted

SMALLEST = 0.001


def sample_cards(
    weighted: Weighted,
    samples: pl.DataFrame,
    names: Mapping[str, str],
    kind: Pictures,
    sort: str = "quality",
) -> list[Card]:
    """Make a card for each sample (as `select` gives them), with the value it was sorted by."""
    pictures: list[ImageSource | None] = [None] * len(samples)
    if kind is not Pictures.NONE:
        pictures = weighted.pictures(samples["row"].to_list())
    words = [_words(row, names, sort) for row in samples.iter_rows(named=True)]
    return [Card(*pair) for pair in zip(pictures, words, strict=True)]


def labels_text(label: object, names: Mapping[str, str]) -> str:
    """Write one label or several, with their names."""
    several = label if isinstance(label, list) else [label]
    return ", ".join(named(str(one), names) for one in several if one is not None)


def number_text(value: object) -> str:
    """Write a number with three decimals; '' for None."""
    if not isinstance(value, float):
        return "" if value is None else f"{value}"
    return f"<{SMALLEST}" if 0 < value < SMALLEST else f"{value:.3f}"


def noise_text(row: Mapping[str, object]) -> str:
    """Write the likeliest type of noise, its probability and what to do; '' if it is unknown."""
    found = {name: p for name in NOISE_NAMES if isinstance(p := row.get(name), float)}
    if len(found) < len(NOISE_NAMES):
        return ""
    likeliest = max(found, key=found.__getitem__)
    said = f"{likeliest.removeprefix('noise_')} {number_text(found[likeliest])}"
    return f"{said}: {ADVICE[likeliest]}" if likeliest in ADVICE else said


def _words(row: Mapping[str, object], names: Mapping[str, str], sort: str) -> dict[str, str]:
    words = {"given": labels_text(row["label"], names)}
    if "suggested_label" in row:
        words["fits"] = labels_text(row["suggested_label"], names)
    if "refined_label" in row:
        words["refined"] = labels_text(row["refined_label"], names)
    status = row.get("status")
    said = [
        row.get("label_quality"),
        row.get("issue_kind"),
        status if status != Status.OK else None,
    ]
    words["quality"] = " ".join(number_text(value) for value in said if value is not None)
    if sort in ("weight", "distance"):
        words[sort] = number_text(row[sort])
    if NOISE_NAMES[0] in row:
        words["noise"] = noise_text(row)
    words["key"] = str(row["key"])
    if "caption" in row:
        words["caption"] = str(row["caption"] or "")
    return words
