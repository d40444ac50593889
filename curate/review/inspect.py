"""`curate inspect`: the worst suspects of a weighted manifest."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from rich.console import Console

from curate.errors import CurateError
from curate.images.source import ImageSource
from curate.manifest.columns import ColumnOptions
from curate.manifest.manifest import Manifest
from curate.manifest.open import open_manifest
from curate.manifest.pictures import picture_finder
from curate.review.gallery import Card, show_cards
from curate.store.folders import Folders

TAR_COLUMNS = {"tar", "offset", "length"}
"""What `curate weight` writes of a picture that lies in a tar."""


def inspect(
    weighted: Path,
    limit: int = 12,
    label: str | None = None,
    root: Path | None = None,
    prefix: str = "",
    console: Console | None = None,
) -> None:
    """Show the samples of lowest quality, as pictures where the terminal can.

    Raises CurateError when the manifest has not been weighed, and when no row has that label.
    """
    with TemporaryDirectory() as folder:
        manifest = open_manifest(weighted, ColumnOptions(), root, Folders(Path(folder)))
        quality = f"{prefix}label_quality"
        if quality not in manifest.schema.names:
            raise CurateError(
                f"{weighted} has no column '{quality}'; give what `curate weight` wrote (with its"
                " --prefix, if it was given one)."
            )
        worst = _worst(manifest, quality, limit, label)
        cards = [
            Card(picture, _words(row, manifest, prefix))
            for row, picture in zip(worst, _pictures(manifest, worst), strict=True)
        ]
        show_cards(console or Console(), f"The worst suspects of {weighted.name}", cards)


def _worst(
    manifest: Manifest, quality: str, limit: int, label: str | None
) -> list[dict[str, object]]:
    """Read the rows of lowest quality, worst first, without their images."""
    rows = manifest.scan().with_row_index("row number")
    if manifest.has_label_lists:
        rows = _worst_of_lists(rows, manifest.columns.label, quality, label)
    elif label is not None:
        rows = rows.filter(pl.col(manifest.columns.label).cast(pl.String) == label)
    image = manifest.columns.image
    rows = rows.select(pl.all().exclude(image)) if image else rows
    worst = rows.drop_nulls(quality).bottom_k(limit, by=[quality, "row number"]).collect()
    if len(worst) == 0:
        raise CurateError(
            f"{manifest.path} has no judged row"
            + (f" with the label '{label}'; name another one with --class." if label else ".")
        )
    return worst.sort(quality, "row number").to_dicts()


def _worst_of_lists(
    rows: pl.LazyFrame, column: str, quality: str, label: str | None
) -> pl.LazyFrame:
    """Put in place of each image's labels and qualities its worst label, or the one asked for."""
    given = pl.col(column).cast(pl.List(pl.String))
    at = pl.col(quality).list.arg_min()
    if label is not None:
        rows = rows.filter(given.list.contains(label))
        at = given.list.eval((pl.element() == label).fill_null(False).cast(pl.Int8)).list.arg_max()
    return rows.with_columns(
        given.list.get(at).alias(column), pl.col(quality).list.get(at).alias(quality)
    )


def _pictures(manifest: Manifest, rows: Sequence[dict[str, object]]) -> list[ImageSource | None]:
    if manifest.columns.image is None:
        return [None] * len(rows)
    if set(manifest.schema.names) >= TAR_COLUMNS:
        manifest = replace(manifest, in_tars=True)
    columns, find = picture_finder(manifest)
    found = []
    for row in rows:
        number = int(str(row["row number"]))
        table = manifest.scan().slice(number, 1).select(columns).collect().to_arrow()
        found += find(table.to_batches()[0])
    return found


def _words(row: dict[str, object], manifest: Manifest, prefix: str) -> dict[str, object]:
    key = manifest.columns.key
    fits = row[f"{prefix}suggested_label"]
    return {
        "given": row[manifest.columns.label],
        "fits": ", ".join(map(str, fits)) if isinstance(fits, list) else fits,
        "quality": f"{row[f'{prefix}label_quality']:.3f}",
        "key": row[key] if key else row["row number"],
    }
