"""A crawl whose texts are hostile, with features that tell its classes apart."""

from pathlib import Path

import numpy as np
import polars as pl

from curate.options.weight import WeightOptions
from tests.crawls import plain_png

LABELS = (
    "</script><script>alert(1)</script>",
    "\"quoted' `label` &amp; more",
    "\u202eright to left\x1b[31m",
    "__proto__",
    "crane",
    "عربي",
)
ROWS, WRONG = 180, 0.25


def png(colour: tuple[int, ...]) -> bytes:
    return plain_png(colour, (30, 20))


def draw_crawl(folder: Path) -> WeightOptions:
    """Draw images of plain colours, a class each, a quarter of them under a wrong label."""
    rng = np.random.default_rng(7)
    true = np.arange(ROWS) % len(LABELS)
    given = np.where(rng.random(ROWS) < WRONG, rng.integers(0, len(LABELS), ROWS), true)
    features = np.eye(16)[true] + rng.normal(0, 0.15, (ROWS, 16))
    np.save(folder / "features.npy", features.astype(np.float32))
    colours = rng.integers(0, 256, (len(LABELS), 3))
    images = [png(tuple(colours[c].tolist())) for c in true]
    images[::25] = [b"no picture"] * len(images[::25])
    pl.DataFrame(
        {
            "key": [f"<b onclick=alert({row})>k{row}" for row in range(ROWS)],
            "image": images,
            "label": [LABELS[c] for c in given],
            "caption": [
                f"</script><img src=x onerror=alert(2)> {row}\n\x07" for row in range(ROWS)
            ],
        }
    ).write_parquet(folder / "crawl.parquet")
    parents = pl.DataFrame({"child": LABELS, "parent": ["a", "a", "b", "b", "b", "c"]})
    tops = pl.DataFrame({"child": ["a", "b", "c"], "parent": ["top"] * 3})
    pl.concat([parents, tops]).write_csv(folder / "edges.csv")
    return WeightOptions(
        folder / "crawl.parquet",
        embeddings=folder / "features.npy",
        graph=f"hierarchy:{folder / 'edges.csv'}",
    )
