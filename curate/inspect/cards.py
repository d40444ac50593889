"""The texts on a sample's card."""

from collections.abc import Mapping, Sequence

import polars as pl

from curate.images.source import ImageSource
from curate.images.status import Status
from curate.inspect.class_names import named
from curate.inspect.gallery import KEY, ROW, Card
from curate.inspect.terminal_pictures import Pictures
from curate.weighted.columns import NOISE_NAMES
from curate.weighted.noise_type_filter import ADVICE
from curate.weighted.weighted import Weighted

SMALLEST = 0.001
UNKNOWN = "–"


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
    key = ROW if weighted.manifest.columns.key is None else KEY
    words = [_words(row, names, sort, key) for row in samples.iter_rows(named=True)]
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


def _words(
    row: Mapping[str, object], names: Mapping[str, str], sort: str, key: str
) -> dict[str, str]:
    words = {"given": labels_text(row["label"], names)}
    if "suggested_label" in row:
        words["fits"] = labels_text(row["suggested_label"], names)
    if "refined_label" in row:
        words["refined"] = labels_text(row["refined_label"], names)
    status = row.get("status")
    said = [_quality(row), "" if status in (None, Status.OK) else f"{status}"]
    words["quality"] = " ".join(text for text in said if text)
    if sort in ("weight", "distance"):
        words[sort] = number_text(row[sort])
    if NOISE_NAMES[0] in row:
        words["noise"] = noise_text(row)
    words[key] = str(row["key"])
    if "caption" in row:
        words["caption"] = str(row["caption"] or "")
    return words


def _quality(row: Mapping[str, object]) -> str:
    """Write the quality and the kind of issue of a label or, in their order, of several."""
    label, *values = (row.get(name) for name in ("label", "label_quality", "issue_kind"))
    if not isinstance(label, list):
        return _joined(values)
    columns = (value if isinstance(value, list) else [None] * len(label) for value in values)
    each = zip(label, *columns, strict=True)
    said = (_joined(of_one) or UNKNOWN for one, *of_one in each if one is not None)
    return ", ".join(said) if any(isinstance(value, list) for value in values) else ""


def _joined(values: Sequence[object]) -> str:
    return " ".join(number_text(value) for value in values if value is not None)
