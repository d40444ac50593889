"""Make the demo crawl: pictures, some with wrong labels, and a file with the truth."""

from pathlib import Path

import numpy as np
import polars as pl

from curate.demo.draw import draw_jpeg
from curate.demo.figures import CLASSES, STRANGERS
from curate.store.atomic import appearing_file

CONFUSABLE: dict[str, tuple[str, ...]] = {
    "circle": ("ellipse", "hexagon"),
    "crescent": ("circle", "heart"),
    "ellipse": ("circle", "rectangle"),
    "heart": ("triangle", "star"),
    "hexagon": ("pentagon", "circle"),
    "pentagon": ("hexagon", "star"),
    "rectangle": ("square", "trapezoid"),
    "rhombus": ("square", "triangle"),
    "square": ("rectangle", "rhombus"),
    "star": ("pentagon", "heart"),
    "trapezoid": ("rectangle", "triangle"),
    "triangle": ("trapezoid", "rhombus"),
}
"""Given label -> what the picture may really show when the two were confused."""

NOISE_SHARES = {"confusing": 0.15, "random": 0.08, "open-set": 0.07}
CAPTIONS = ("a {0}", "{0} clipart, free download", "drawing of a {0}", "IMG_{1}", "{0} {1}")


def make_crawl(folder: Path, rows: int = 1200, seed: int = 0) -> tuple[Path, Path]:
    """Draw a crawl with 30% wrong labels and write crawl.parquet and truth.parquet.

    The crawl has the columns key, image (JPEG bytes), label and caption; the truth has
    key, true_label (null: none of the classes) and noise_type (clean, confusing, random,
    open-set). The same seed gives the same rows.

    Returns the two paths.
    """
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.resize(sorted(CLASSES), rows)).tolist()
    kinds = rng.permutation(_noise_types(rows)).tolist()
    drawn = [_row(*row, rng) for row in zip(range(rows), labels, kinds, strict=True)]
    crawl, truth = folder / "crawl.parquet", folder / "truth.parquet"
    table = pl.DataFrame(drawn, schema=_SCHEMA)
    with appearing_file(truth) as unfinished:
        table.select("key", "true_label", "noise_type").write_parquet(unfinished)
    with appearing_file(crawl) as unfinished:
        table.select("key", "image", "label", "caption").write_parquet(unfinished)
    return crawl, truth


_SCHEMA = {
    "key": pl.String,
    "image": pl.Binary,
    "label": pl.String,
    "caption": pl.String,
    "true_label": pl.String,
    "noise_type": pl.String,
}


def _noise_types(rows: int) -> list[str]:
    kinds = [kind for kind, share in NOISE_SHARES.items() for _ in range(round(share * rows))]
    return kinds + ["clean"] * (rows - len(kinds))


def _row(number: int, label: str, kind: str, rng: np.random.Generator) -> dict[str, object]:
    figure = _shown(label, kind, rng)
    return {
        "key": f"{number:06d}",
        "image": draw_jpeg(figure, rng),
        "label": label,
        "caption": str(rng.choice(CAPTIONS)).format(label, rng.integers(1000, 9999)),
        "true_label": None if kind == "open-set" else figure,
        "noise_type": kind,
    }


def _shown(label: str, kind: str, rng: np.random.Generator) -> str:
    """Choose what the picture of a row with this given label really shows."""
    if kind == "clean":
        return label
    others = sorted(set(CLASSES) - {label, *CONFUSABLE[label]})
    choices = {"confusing": CONFUSABLE[label], "random": others, "open-set": sorted(STRANGERS)}
    return str(rng.choice(choices[kind]))
