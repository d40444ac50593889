"""WebDataset: tars of .jpg, .json and, where there are captions, .txt, named as img2dataset's."""

import contextlib
import io
import json
import tarfile
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

import polars as pl

from curate.exports.check import Row
from curate.exports.format import Format, Read, held
from curate.exports.job import Batch, Job, Write
from curate.exports.picture_bytes import ENDINGS, Picture
from curate.manifest.text_types import fits

LIBRARY = "webdataset"


@contextlib.contextmanager
def write(job: Job, path: Path) -> Iterator[Write]:
    """Write a tar for every ``rows_per_shard`` rows; each part of a split has a folder of tars."""
    with contextlib.ExitStack() as stack:
        shards = {part: stack.enter_context(_Shards(job, path, part)) for part in job.parts}

        def add(batch: Batch) -> None:
            for part, rows in batch.parts():
                table = pl.DataFrame(rows.table)
                fields = table.select(pl.struct(pl.all()).struct.json_encode()).to_series()
                captions = rows.rows.get_column("caption", default=pl.Series([None] * len(table)))
                for sample in zip(rows.pictures, fields, captions, strict=True):
                    shards[part].add(*sample)

        yield add


class _Shards:
    """The tars of a part, one open at a time: 00000.tar with the keys 000000000, 000000001, ..."""

    def __init__(self, job: Job, path: Path, part: str) -> None:
        self._folder = path / part if job.options.select.shares else path
        self._size = job.options.rows_per_shard
        self._digits = len(str(self._size - 1))
        self._rows = 0
        self._tar: tarfile.TarFile | None = None

    def __enter__(self) -> "_Shards":
        self._folder.mkdir(exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        if self._tar is not None:
            self._tar.close()

    def add(self, picture: Picture, fields: str, caption: str | None) -> None:
        """Add a sample, to a new tar if the last is full."""
        shard, place = divmod(self._rows, self._size)
        if place == 0:
            self.__exit__()
            self._tar = tarfile.open(self._folder / f"{shard:05d}.tar", "w")  # noqa: SIM115
        key = f"{shard:05d}{place:0{self._digits}d}"
        self._add(f"{key}.{picture.ending}", picture.data)
        self._add(f"{key}.json", fields.encode())
        if caption is not None:
            self._add(f"{key}.txt", caption.encode())
        self._rows += 1

    def _add(self, name: str, data: bytes) -> None:
        assert self._tar is not None
        info = tarfile.TarInfo(name)
        info.size = len(data)
        self._tar.addfile(info, io.BytesIO(data))


def read(job: Job, path: Path) -> Read:
    """Read with webdataset if it is installed, else with Python's tarfile."""
    tars = sorted(path.rglob("*.tar"))
    label = job.record.name(job.weighted.manifest.columns.label)
    names = label, job.record.ours("weight")
    if find_spec(LIBRARY):
        return LIBRARY, (_row(sample, *names) for sample in _webdataset(tars))
    return "Python's tarfile", (_row(sample, *names) for sample in _tarfile(tars))


def _row(sample: dict[str, bytes], label: str, weight: str) -> Row:
    fields = json.loads(sample["json"])
    picture = next(sample[ending] for ending in ENDINGS.values() if ending in sample)
    return Row(fields[label], fields[weight], picture)


def _webdataset(tars: list[Path]) -> Iterator[dict[str, bytes]]:
    """Read as webdataset.WebDataset does, but close the files."""
    from webdataset.tariterators import group_by_keys, tar_file_expander

    for path in tars:
        with path.open("rb") as stream:
            yield from group_by_keys(tar_file_expander([{"url": str(path), "stream": stream}]))


def _tarfile(tars: list[Path]) -> Iterator[dict[str, bytes]]:
    for path in tars:
        with tarfile.open(path, "r:") as tar:
            for _, members in groupby(tar, key=lambda member: member.name.split(".")[0]):
                yield {m.name.split(".")[1]: tar.extractfile(m).read() for m in members}  # type: ignore[union-attr]


FORMAT = Format(
    write,
    read,
    lists=True,
    soft=True,
    splits=True,
    pictures=True,
    holds=lambda kind: fits(kind, ".jsonl"),
    rows=held,
)
