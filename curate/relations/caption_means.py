"""The embeddings of the crawl's captions, averaged per class."""

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rich.console import Console

from curate.errors import CurateError
from curate.manifest.classes import NO_CLASS, Classes
from curate.manifest.columns import exact_column
from curate.manifest.manifest import Manifest
from curate.relations.captions import CaptionVectors, caption_column
from curate.relations.class_texts import TextSource
from curate.terminal.progress import progress_bar

CAPTIONS, LEAST_OF_CLASS, MOST_OF_CLASS = 20_000, 10, 100
"""Captions read in all, and the least and most per class: a mean needs no more."""


def caption_facts(manifest: Manifest) -> dict[str, object]:
    """Return what identifies the captions: another label, column or file, other facts.

    Raises CurateError when the manifest has no caption column.
    """
    return {
        "label": manifest.columns.label,
        "caption": caption_column(manifest, "--graph captions"),
        "parts": [part.identity for part in manifest.parts],
    }


def mean_captions(
    manifest: Manifest,
    classes: list[str],
    text: TextSource,
    read: CaptionVectors | None,
    console: Console,
) -> NDArray[np.float32]:
    """Return (C, D): the mean embedding of each class's reliable captions, NaN for none.

    ``read`` are the embeddings of the captions, if they exist already.
    """
    from graphs.text import caption_embeddings

    sample = _sample(manifest, classes)
    labels = sample["class"].to_numpy().astype(np.intp)
    if read is not None:
        return caption_embeddings(read.of_rows(sample["row"].to_numpy()), labels, len(classes))
    with progress_bar(console, "Reading captions", len(sample)) as advance:
        vectors = text.bert.means(sample["caption"].to_list(), advance)
    return caption_embeddings(vectors, labels, len(classes))


def _sample(manifest: Manifest, classes: list[str]) -> pl.DataFrame:
    """Sample captions of each class, evenly spaced over its rows: columns row, class, caption."""
    caption = caption_column(manifest, "--graph captions")
    per_class = min(max(CAPTIONS // len(classes), LEAST_OF_CLASS), MOST_OF_CLASS)
    position = pl.int_range(pl.len()).over("class")
    stride = (pl.len().over("class") / per_class).ceil().cast(pl.Int64)

    def places(labels: pl.Series) -> pl.Series:
        return pl.Series(Classes(tuple(classes), ()).indices(labels))

    rows = (
        manifest.scan_labels(
            exact_column(caption).cast(pl.String).alias("caption"),
            pl.int_range(pl.len()).alias("row"),
        )
        .select(
            pl.col("label")
            .map_batches(places, return_dtype=pl.Int32, is_elementwise=True)
            .alias("class"),
            "caption",
            "row",
        )
        .filter(pl.col("class") != NO_CLASS, pl.col("caption").str.strip_chars() != "")
        .collect(engine="streaming")
    )  # fmt: skip
    if not len(rows):
        raise CurateError(
            f"--graph captions: column '{caption}' of {manifest.path} is empty in every"
            " row; name another with --caption."
        )
    return rows.filter(position % stride == 0)
