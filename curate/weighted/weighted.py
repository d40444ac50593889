"""A weighted manifest: what `curate weight` wrote, with what it was made from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import polars as pl
import pyarrow as pa

from curate.crawl.pictures import brought_ahead
from curate.crawl.row_keys import scan_keys
from curate.errors import CurateError
from curate.images.source import ImageSource
from curate.manifest.columns import exact_column, is_text
from curate.manifest.manifest import Manifest, Part
from curate.manifest.pictures import picture_finder
from curate.manifest.read import read_rows
from curate.manifest.spellings import spelled
from curate.manifest.unchanged import SeenFile, require_unchanged
from curate.store.run import MARKER
from curate.weighted.columns import (
    AGREEMENT,
    COPY_NAMES,
    NAMES,
    NOISE_NAMES,
    REFINED_NAMES,
    SOFT_NAMES,
)
from curate.weighted.origin import Origin
from curate.weighted.pairing import pair_by_key, require_same_scores
from curate.weighted.work import Work, WorkNames, known_names, load_work

FEW = 50
"""For more rows than this, one pass over the file is faster than reading each row by itself."""
OURS = (*NAMES, *COPY_NAMES, AGREEMENT, *SOFT_NAMES, *REFINED_NAMES, *NOISE_NAMES)
NUMBERS = ("weight", "label_quality", "suggested_quality", "distance", "consistency", AGREEMENT,
           "refined_probability", "refined_weight", *NOISE_NAMES)  # fmt: skip
"""Columns of ours that a CSV holds as text."""
TRUE = ("true", "1", "1.0")
"""How curate, pandas (True), spreadsheets (TRUE) and casts to numbers write a true flag."""


@dataclass(frozen=True)
class Weighted:
    """The rows of a crawl, in order, with what was found for each."""

    path: Path
    """What the user named."""
    part: Part
    """The file, as Parquet."""
    schema: pa.Schema
    """Of the file."""
    manifest: Manifest
    """Has labels and images: the file itself or, with --slim, the manifest it was made from."""
    prefix: str
    run: Path | None
    """The folder of the run that weighed it; None where it is unknown or gone."""
    work_name: str | None
    origin: Origin

    def itself(self) -> Manifest:
        """Give the file as a manifest, to be written back with more columns."""
        part = replace(self.part, sources=self._sources)
        return replace(self.manifest, path=self.path, parts=(part,), schema=self.schema)

    def require_unchanged(self) -> None:
        """Raise CurateError where a file that rows are read from has changed."""
        require_unchanged(self._sources)

    @property
    def _sources(self) -> tuple[SeenFile, ...]:
        parts = dict.fromkeys([self.part, *self.manifest.parts])
        return tuple(source for part in parts for source in part.sources)

    def work(self) -> Work:
        """Open what the weights were made from, paired with these rows by key.

        Raises CurateError where it is gone, and where it has other rows.
        """
        if self.run is None or self.work_name is None:
            raise CurateError(
                f"{self.path} does not say which run weighed it, or that run's folder is gone (not"
                f" there: {self.origin.run / MARKER}); name the folder with --run-dir, or weigh"
                " again."
            )
        work = load_work(self.run, self.work_name)
        if work.keys is not None and self.manifest.columns.key is not None:
            known = scan_keys(work.keys, work.shards)
            keys = self.scan().select("key")
            order = pair_by_key(keys, known, str(self.path), f"the run in {self.run}")
            return replace(work, order=order)
        if self.rows != work.rows:
            raise CurateError(
                f"{self.path} has {self.rows:,} rows, and the run in {self.run} {work.rows:,}, and"
                " no key column says which is which; weigh it again, with --key."
            )
        quality, lists = self.scan().select("label_quality"), self.manifest.has_label_lists
        require_same_scores(quality, lists, work.scores, work.labels, work.shards, self.path)
        return work

    @property
    def names_of_work(self) -> WorkNames | None:
        """The names of what it was made from, in the run folder; None where they are unknown."""
        return None if self.run is None else known_names(self.run, self.work_name)

    @property
    def scores(self) -> str | None:
        """The name, in the run folder, of the scores it was written from; None where unknown."""
        names = self.names_of_work
        return None if names is None else names.scores

    @property
    def rows(self) -> int:
        """N."""
        return self.part.rows

    @property
    def is_slim(self) -> bool:
        """Tell whether labels and images are in another file than our columns."""
        return self.manifest.parts != (self.part,)

    @property
    def names(self) -> list[str]:
        """Our columns that the file has, without the prefix."""
        return [name for name in OURS if self.prefix + name in self.schema.names]

    def scan(self) -> pl.LazyFrame:
        """Scan lazily: row, key (or else the row's number), label, caption, and our columns.

        Ours have the names of `curate.weighted.columns`, whatever the prefix. No images.
        """
        return self._with_keys(self._scan().with_row_index("row"))

    def read(self, rows: Sequence[int]) -> pl.DataFrame:
        """Read some rows, in the order given, as `scan` gives them.

        For a few rows, only the row groups that contain them are read.
        """
        order = pl.DataFrame({"row": pl.Series(rows, dtype=pl.get_index_type())})
        if len(rows) > FEW:
            wanted = self.scan().filter(pl.col("row").is_in(order["row"].implode()))
            found_rows = wanted.collect(engine="streaming")
            return order.join(found_rows, on="row", how="left", maintain_order="left")
        found = [self._scan(row).collect() for row in rows] or [self._scan().head(0).collect()]
        return self._with_keys(
            pl.concat([order, pl.concat(found)], how="horizontal").lazy()
        ).collect()

    def columns_of(self, row: int) -> dict[str, object]:
        """Read all columns of a row, as the files have them: those of the crawl, then ours."""
        parts = [self.manifest.scan()]
        if self.is_slim:
            parts.append(self.part.scan())
        found: dict[str, object] = {}
        for part in parts:
            found |= part.slice(row, 1).collect().row(0, named=True)
        return found

    def pictures(self, rows: Sequence[int]) -> list[ImageSource | None]:
        """Find the pictures of some rows.

        None for a row that names no picture, and where the crawl has no pictures. A picture
        outside of the root is not read.
        """
        found = dict(self.each_picture(rows))
        return [found[row] for row in rows]

    def each_picture(self, rows: Sequence[int]) -> Iterator[tuple[int, ImageSource | None]]:
        """Find the pictures of some rows one by one, in the order of the row numbers.

        None as in `pictures`. Bytes are read when the iterator reaches their row.
        """
        if self.manifest.columns.image is None:
            yield from ((row, None) for row in sorted(set(rows)))
            return
        columns, find = picture_finder(self.manifest)
        found = (find(batch)[0] for _, batch in read_rows(self.manifest, rows, columns))
        yield from zip(sorted(set(rows)), brought_ahead(found, self.manifest), strict=True)

    def _scan(self, row: int | None = None) -> pl.LazyFrame:
        """Scan all rows or one: label, caption, key where there is one, and our columns."""
        crawl, found = self.manifest.scan(), self.part.scan()
        if row is not None:
            crawl, found = crawl.slice(row, 1), found.slice(row, 1)
        columns, text = self.manifest.columns, pl.String()
        kept = [self._labels().alias("label")]
        for name, column in (("key", columns.key), ("caption", columns.caption)):
            if column is not None:
                kept.append(exact_column(column).cast(text).alias(name))
        ours = [self._typed(name) for name in self.names]
        if not self.is_slim:
            return crawl.select(*kept, *ours)
        return pl.concat([crawl.select(kept), found.select(ours)], how="horizontal")

    def _labels(self) -> pl.Expr:
        """Give the given labels, or lists of them, by their names."""
        manifest = self.manifest
        if manifest.has_label_lists:
            return manifest.label_lists.list.eval(self._joined(pl.element()))
        return self._joined(manifest.label_texts(exact_column(manifest.columns.label)))

    def _joined(self, labels: pl.Expr) -> pl.Expr:
        return labels.replace(self._spellings) if self._spellings else labels

    @cached_property
    def _spellings(self) -> dict[str, str]:
        """Map rarer spellings of each class to the most frequent one."""
        _, spellings = spelled(self.manifest.scan_labels())
        return {other: each[0] for each in spellings for other in each[1:]}

    def _with_keys(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        has_keys = self.manifest.columns.key is not None
        return rows if has_keys else rows.with_columns(key=pl.col("row").cast(pl.String))

    def _typed(self, name: str) -> pl.Expr:
        """Read a column of ours; a CSV holds everything as text."""
        column = exact_column(self.prefix + name)
        kind = self.schema.field(self.prefix + name).type
        if is_text(kind):
            if name in NUMBERS:
                column = column.cast(pl.Float32)
            elif name == "duplicates":
                column = column.cast(pl.Int32)
            elif name == "is_label_issue":
                column = column.str.to_lowercase().is_in(TRUE)
        elif name == "is_label_issue" and pa.types.is_integer(kind):
            column = column.cast(pl.Boolean)
        elif name == "duplicate_of":
            column = column.cast(pl.String)
        return column.alias(name)
