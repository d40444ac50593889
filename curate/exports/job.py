"""Stream the chosen rows of one export, with the crawl's columns and pictures."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from curate.crawl.pictures import brought_ahead
from curate.exports.picture_bytes import Picture, read_picture
from curate.exports.pieces import WHOLE, Pieces
from curate.exports.record import Record
from curate.images.source import ImageSource
from curate.images.status import Status
from curate.manifest.batch_rows import BATCH_ROWS
from curate.manifest.columns import label_type
from curate.manifest.pictures import picture_finder
from curate.manifest.plan import Shard, plan_shards, within
from curate.manifest.read import read_shards
from curate.options.export import ExportOptions
from curate.weighted.provenance import Making
from curate.weighted.weighted import Weighted

BATCH_BYTES = 32 * 2**20
"""Bytes of pictures that are held at once."""
NO_PICTURE = "rows without a readable picture"
Advance = Callable[[int], None]


@dataclass(frozen=True)
class Batch:
    """A few of the chosen rows, in order."""

    rows: pl.DataFrame
    """As `select_rows` gives them."""
    table: pa.Table
    """The same rows with the output's column names; see `Record`."""
    pictures: list[Picture]
    """One for each row; empty if the format takes none."""
    unreadable: pl.DataFrame
    """Rows that were left out because their pictures cannot be read."""

    def parts(self) -> Iterator[tuple[str, "Batch"]]:
        """Divide the batch by part of the split; without a split, all of it is train."""
        if "split" not in self.rows.columns:
            yield WHOLE, self
            return
        for part in self.rows["split"].unique(maintain_order=True):
            yield part, self._where("split", part)

    def pieces(self) -> Iterator[tuple[int, "Batch"]]:
        """Divide the batch by the column ``piece`` of its rows."""
        rows = pl.concat([self.rows["piece"], self.unreadable["piece"]])
        for piece in rows.unique(maintain_order=True):
            yield piece, self._where("piece", piece)

    def _where(self, column: str, value: object) -> "Batch":
        places = (self.rows[column] == value).arg_true()
        pictures = [self.pictures[at] for at in places] if self.pictures else []
        unreadable = self.unreadable.filter(pl.col(column) == value)
        table = self.table.take(places.to_arrow())
        return Batch(self.rows[places], table, pictures, unreadable)


Write = Callable[[Batch], None]
"""Writes a batch into an output that a format has opened."""


@dataclass(frozen=True)
class Job:
    """What a format is given to write: the options and the chosen rows."""

    weighted: Weighted
    options: ExportOptions
    record: Record
    chosen: Path
    """What `select_rows` gave, as Parquet."""
    wants_pictures: bool
    made: tuple[Making, ...] = ()
    """The commands that made the output, this export last."""

    @cached_property
    def rows(self) -> int:
        """Rows that were chosen."""
        return int(pq.read_metadata(self.chosen).num_rows)

    @cached_property
    def parts(self) -> list[str]:
        """Names of the parts of the split; train alone without one."""
        return list(self.options.select.shares) or [WHOLE]

    @cached_property
    def classes(self) -> list[str]:
        """All exported labels, in order: that of their values if they are numbers.

        If the crawl's numbers have names, all of these, so that the numbers stay the same.
        """
        of_numbers = self.weighted.manifest.class_names
        if of_numbers is not None:
            return list(of_numbers)
        labels = pl.scan_parquet(self.chosen, glob=False).select("label")
        if self.has_lists:
            labels = labels.explode("label", empty_as_null=False)
        names = labels.unique().drop_nulls().collect(engine="streaming")["label"].to_list()
        column = self.weighted.manifest.schema.field(self.weighted.manifest.columns.label).type
        return sorted(names, key=int if pa.types.is_integer(label_type(column)) else None)

    @property
    def has_lists(self) -> bool:
        """Tell whether an image has several labels."""
        return self.weighted.manifest.has_label_lists

    def batches(self, advance: Advance, of: Pieces | None = None) -> Iterator[Batch]:
        """Stream the chosen rows, all or those of some pieces.

        Those without a picture are left out if pictures are wanted.
        """
        chosen = _Forward(self.chosen, of)
        columns = self.record.crawl
        find: Callable[[pa.RecordBatch], list[ImageSource | None]] = lambda _: []  # noqa: E731
        if self.wants_pictures:
            more, find = picture_finder(self.weighted.manifest)
            columns = list(dict.fromkeys([*columns, *more]))
        if not columns:
            for rows in chosen.rest():
                advance(len(rows))
                yield Batch(rows, self.record.table(rows, None), [], rows[:0])
            return
        for shard, batches in read_shards(self.weighted.manifest, self._shards(of), columns):
            at = shard.first_row
            for batch in batches:
                rows = chosen.below(at + batch.num_rows)
                taken = batch.take((rows["row"] - at).to_arrow())
                yield from self._pieces(rows, taken, find)
                at += batch.num_rows
                advance(len(rows))

    def _shards(self, of: Pieces | None) -> list[Shard]:
        """Plan which rows of the crawl are read."""
        shards = list(plan_shards(self.weighted.manifest))
        return shards if of is None else within(shards, of.first_row, of.stop)

    def _pieces(
        self,
        rows: pl.DataFrame,
        batch: pa.RecordBatch,
        find: Callable[[pa.RecordBatch], list[ImageSource | None]],
    ) -> Iterator[Batch]:
        """Read the pictures, if any are wanted; yield a batch each time they reach BATCH_BYTES."""
        if not len(rows):
            return
        table = self.record.table(rows, batch)
        if not self.wants_pictures:
            yield self._with_urls(rows, table)
            return
        places: list[int] = []
        pictures: list[Picture] = []
        unreadable: list[int] = []
        size = 0

        def piece() -> Batch:
            taken = pl.Series(places, dtype=pl.get_index_type())
            left_out = rows[pl.Series(unreadable, dtype=pl.get_index_type())]
            return Batch(rows[taken], table.take(taken.to_arrow()), pictures, left_out)

        sources = brought_ahead(find(batch), self.weighted.manifest)
        for place, (status, source) in enumerate(zip(rows["status"], sources, strict=True)):
            picture = read_picture(source) if status == Status.OK else None
            if picture is None:
                unreadable.append(place)
                continue
            places.append(place)
            pictures.append(picture)
            size += len(picture.data)
            if size >= BATCH_BYTES:
                yield piece()
                places, pictures, unreadable, size = [], [], [], 0
        if places or unreadable:
            yield piece()

    def _with_urls(self, rows: pl.DataFrame, table: pa.Table) -> Batch:
        """Make a batch without pictures, if --url is given of the rows that have one."""
        if self.options.url is None:
            return Batch(rows, table, [], rows[:0])
        there = pl.Series(table["url"]).cast(pl.String).fill_null("") != ""
        lost = rows.filter(~there)
        return Batch(rows.filter(there), table.filter(there.to_arrow()), [], lost)


class _Forward:
    """Reads the chosen rows in order of their row numbers, all or those of some pieces."""

    def __init__(self, chosen: Path, of: Pieces | None) -> None:
        self._batches = _chosen(chosen, of)
        self._left = next(self._batches)

    def below(self, stop: int) -> pl.DataFrame:
        """Give the next rows whose number is below ``stop``."""
        while not len(self._left) or self._left["row"][-1] < stop:
            more = next(self._batches, None)
            if more is None:
                break
            self._left = pl.concat([self._left, more])
        count = int(self._left["row"].search_sorted(stop))
        rows, self._left = self._left[:count], self._left[count:]
        return rows

    def rest(self) -> Iterator[pl.DataFrame]:
        """Give all rows, some thousand at a time."""
        yield from self._batches


def _chosen(path: Path, of: Pieces | None) -> Iterator[pl.DataFrame]:
    """Read a table without rows, and then the rows; row groups that hold none are passed over."""
    file, empty = pq.ParquetFile(path), pl.DataFrame(schema=pl.read_parquet_schema(path))
    yield empty if of is None else of.placed(empty)
    numbers = range(file.num_row_groups)
    groups = [group for group in numbers if of is None or _may_hold(file, group, of)]
    for batch in file.iter_batches(8 * BATCH_ROWS, row_groups=groups):
        rows = pl.DataFrame(batch)
        yield rows if of is None else of.placed(rows)


def _may_hold(file: pq.ParquetFile, group: int, of: Pieces) -> bool:
    """Tell by the smallest and the largest row number, the first column, of a row group."""
    known = file.metadata.row_group(group).column(0).statistics
    return known is None or (known.min < of.stop and of.first_row <= known.max)
