"""WebDataset tars: an index of where each sample's picture lies; nothing is extracted."""

import posixpath
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import polars as pl

from curate.errors import CurateError
from curate.manifest.archives import refuse_compressed
from curate.manifest.picture_files import SNIFFED, has_picture_ending, is_hidden, is_picture
from curate.manifest.tar_json import first_fields
from curate.manifest.tar_members import DamagedTar, Kind, Member, read_members
from curate.manifest.tar_samples import Piece, Sample, read_text, samples_of, split_name
from curate.options.columns import ColumnOptions
from curate.store.mirror import bring
from curate.terminal.printable import listed
from curate.terminal.skipped import Passed, Skipped

SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "key": pl.String, "tar": pl.String, "image": pl.String, "offset": pl.Int64,
    "length": pl.Int64, "label": pl.List(pl.String), "caption": pl.String,
}  # fmt: skip
Row = dict[str, str | int | list[str | None] | None]
TEXT_ENDINGS = ("cls", "txt", "json")
LONGEST_TEXT = 1 << 20
LONGEST_NAME = 4_096
ENDINGS_NAMED = 8
BUFFER = 1 << 14
ROWS = 65_536


def tars_table(
    tars: Sequence[Path], named: ColumnOptions, home: str = ""
) -> tuple[pl.DataFrame, tuple[Skipped, ...]]:
    """Index tars, one after the other; where a sample has a list of labels, every sample has.

    The label is the member .cls, or the field ``label`` of the member .json; the caption is .txt,
    or a field likewise; ``named`` names others. ``home`` is the tars' folder below the root, which
    column tar is relative to. Says what is passed over. Raises CurateError for what is not a whole
    uncompressed tar, and where no sample has a label that is needed, or the picture that was named.
    """
    index = _Index(named)
    table = pl.concat([index.tar_table(tar, posixpath.join(home, tar.name)) for tar in tars])
    index.require(table, tars)
    if not index.has_lists:
        table = table.with_columns(pl.col("label").list.first())
    return table, index.passed.skipped


class _Index:
    """Reads tars member by member; ``passed`` is what was passed over in all of them."""

    def __init__(self, named: ColumnOptions) -> None:
        self.passed = Passed()
        self.has_lists = False
        self._named = named
        self._endings: Counter[str] = Counter()

    def tar_table(self, tar: Path, name: str) -> pl.DataFrame:
        """Index one tar; its samples may lie in pieces."""
        pieces: dict[str, dict[str, Piece]] = {}
        try:
            with bring(tar).open("rb", buffering=BUFFER) as file:
                refuse_compressed(tar, file.peek(BUFFER))  # type: ignore[attr-defined]
                for member in read_members(file, tar.stat().st_size):
                    self._add(member, file, pieces)
        except DamagedTar as error:
            raise CurateError(
                f"{tar} is not a whole, uncompressed tar ({error}); fetch or pack it again, or move"
                " it out of the folder."
            ) from error
        samples = (
            sample
            for key, of_key in pieces.items()
            for sample in samples_of(key, list(of_key.values()), self._named.image, self.passed)
        )
        return self._table(samples, name)

    def _add(self, member: Member, file: BinaryIO, pieces: dict[str, dict[str, Piece]]) -> None:
        reason = _passed_over(member)
        if reason is not None:
            self.passed.add(reason, member.name)
        if reason is not None or member.kind is Kind.FOLDER:
            return
        key, suffix = split_name(member.name)
        self._endings[suffix] += 1
        piece = self._piece(member, suffix, file)
        if piece is None:
            return
        of_key = pieces.setdefault(key, {})
        if suffix in of_key:
            self.passed.add("members whose name comes again later", member.name)
        of_key[suffix] = piece

    def _piece(self, member: Member, suffix: str, file: BinaryIO) -> Piece | None:
        """Read what a member adds to its sample; None if that is nothing."""
        ending = suffix.rpartition(".")[2].lower()
        named = self._named
        if suffix in (named.label, named.caption) or ending in TEXT_ENDINGS:
            if member.size > LONGEST_TEXT:
                self.passed.add(f"texts longer than {LONGEST_TEXT:,} bytes", member.name)
                return None
            data = _read(file, member)
            text = data.decode("utf-8", errors="backslashreplace").strip()
            piece = read_text(suffix, member, text, named, self.passed)
            if piece is not None and (piece.label or piece.caption) and not _is_utf8(data):
                self.passed.add("texts that are not UTF-8, escaped where they are not", member.name)
            return piece
        if suffix == named.image or has_picture_ending(f".{ending}"):
            return Piece(suffix, member, is_picture=True)
        if is_picture(_read(file, member, SNIFFED)):
            return Piece(suffix, member, is_picture=True)
        self.passed.add("members that are neither pictures nor texts", member.name)
        return None

    def _table(self, samples: Iterable[Sample], tar: str) -> pl.DataFrame:
        """Collect samples into tables, some at a time, because a row takes less room there."""
        tables = [pl.DataFrame(schema=SCHEMA)]
        rows = (self._row(sample, tar) for sample in samples)
        while some := list(islice(rows, ROWS)):
            tables.append(pl.DataFrame(some, schema=SCHEMA))
        return pl.concat(tables)

    def _row(self, sample: Sample, tar: str) -> Row:
        picture, label = sample.picture, sample.label
        self.has_lists |= isinstance(label, list)
        return {
            "key": sample.key,
            "tar": tar,
            "image": picture.name if picture else None,
            "offset": picture.offset if picture else None,
            "length": picture.size if picture else None,
            "label": label if isinstance(label, list) else [label] if label else None,
            "caption": sample.caption,
        }

    def require(self, table: pl.DataFrame, tars: Sequence[Path]) -> None:
        """Raise CurateError if no sample has a label, or the picture or caption that is named."""
        named, what = self._named, ""
        if not len(table):
            return
        if named.image is not None and not table["image"].count():
            what = f"no sample has a member '{named.image}' (--image)"
        elif named.label is not None and not table["label"].count():
            what = f"no member and no field of .json is called '{named.label}' (--label)"
        elif named.caption is not None and not table["caption"].count():
            what = f"no member and no field of .json is called '{named.caption}' (--caption)"
        elif named.labelled and not table["label"].count():
            what = (
                "no sample has a label (a member .cls, or a field 'label' in .json; name another"
                " with --label; if folders in it are the classes, unpack it and weigh the folder)"
            )
        if what:
            where = tars[0] if len(tars) == 1 else tars[0].parent
            raise CurateError(f"{where}: {what}. {self._what_there_is(tars[0])}")

    def _what_there_is(self, tar: Path) -> str:
        """List what the user may have meant: members, and fields of JSON."""
        members = listed([name for name, _ in self._endings.most_common()], ENDINGS_NAMED)
        passed = "".join(f"; passed over: {each}" for each in self.passed.skipped)
        fields = first_fields(tar)
        of_json = f" The first .json has the fields: {listed(fields)}." if fields else ""
        return f"Its samples have members: {members}{passed}.{of_json}"


def _passed_over(member: Member) -> str | None:
    """Say why a member is passed over."""
    if any(map(is_hidden, member.name.split("/"))):
        return "hidden members"
    if member.kind is Kind.SPARSE:
        return "sparse members"
    if member.kind is Kind.OTHER:
        return "members that are links, pipes or devices"
    return "members with endless names" if len(member.name) > LONGEST_NAME else None


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _read(file: BinaryIO, member: Member, most: int = LONGEST_TEXT) -> bytes:
    file.seek(member.offset)
    return file.read(min(member.size, most))
