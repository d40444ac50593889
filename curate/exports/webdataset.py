"""WebDataset: tars of .jpg, .json and, where there are captions, .txt, named as img2dataset's.

The JSON of a sample that came in a tar stays whole, and gets our columns beside its own fields.
"""

import io
import json
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from itertools import count, groupby
from pathlib import Path

import polars as pl

from curate.exports.check import Row
from curate.exports.format import Format, InFiles, held
from curate.exports.job import Batch, Job, Write
from curate.exports.picture_bytes import ENDINGS, Picture
from curate.exports.pieces import Piece
from curate.manifest.img2dataset import RENAMED
from curate.manifest.tar_json import JsonBeside
from curate.manifest.text_types import fits

LIBRARY = "webdataset"


@contextmanager
def write(job: Job, file: Path, piece: Piece) -> Iterator[Write]:
    """Write 00000.tar with the samples 000000000, 000000001, ...; the first five digits are its."""
    digits = len(str(job.options.rows_per_shard - 1))
    keys = (f"{piece.number:05d}{place:0{digits}d}" for place in count())
    beside = JsonBeside()
    with tarfile.open(file, "w") as tar:

        def add(batch: Batch) -> None:
            table = pl.DataFrame(batch.table)
            fields = table.select(pl.struct(pl.all()).struct.json_encode()).to_series()
            captions = batch.rows.get_column("caption", default=pl.Series([None] * len(table)))
            samples = zip(batch.pictures, fields, captions, strict=True)
            for (picture, text, caption), key in zip(samples, keys, strict=False):
                _add(tar, f"{key}.{picture.ending}", picture.data)
                _add(tar, f"{key}.json", _with_its_own(picture, beside, text).encode())
                if caption is not None:
                    _add(tar, f"{key}.txt", caption.encode())

        yield add


def _with_its_own(picture: Picture, beside: JsonBeside, text: str) -> str:
    """Add the fields that the sample's own JSON has and ``text``, our JSON, lacks.

    One whose name is taken is renamed, unless it says the same.
    """
    own = beside.of(picture.slice.path, picture.slice.offset) if picture.slice else {}
    if not own:
        return text
    fields = json.loads(text)
    kept = {}
    for name, value in own.items():
        free = name
        if name in fields and fields[name] != value:
            while free in fields or free in own:
                free = RENAMED + free
        kept[free] = value
    return json.dumps({**kept, **fields}, ensure_ascii=False)


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def read(job: Job, path: Path) -> tuple[str, Callable[[Path], Iterator[Row]]]:
    """Read with webdataset if it is installed, else with Python's tarfile."""
    label = job.record.name(job.weighted.manifest.columns.label)
    names = label, job.record.ours("weight")
    if find_spec(LIBRARY):
        return LIBRARY, partial(_rows, _webdataset, *names)
    return "Python's tarfile", partial(_rows, _tarfile, *names)


def _rows(
    samples: Callable[[Path], Iterator[dict[str, bytes]]], label: str, weight: str, file: Path
) -> Iterator[Row]:
    for sample in samples(file):
        fields = json.loads(sample["json"])
        picture = next(sample[ending] for ending in ENDINGS.values() if ending in sample)
        yield Row(fields[label], fields[weight], picture)


def _webdataset(path: Path) -> Iterator[dict[str, bytes]]:
    """Read as webdataset.WebDataset does, but close the file."""
    from webdataset.tariterators import group_by_keys, tar_file_expander

    with path.open("rb") as stream:
        yield from group_by_keys(tar_file_expander([{"url": str(path), "stream": stream}]))


def _tarfile(path: Path) -> Iterator[dict[str, bytes]]:
    with tarfile.open(path, "r:") as tar:
        for _, members in groupby(tar, key=lambda member: member.name.split(".")[0]):
            yield {m.name.split(".")[1]: tar.extractfile(m).read() for m in members}  # type: ignore[union-attr]


FORMAT = Format(
    InFiles(".tar", write, read),
    lists=True,
    soft=True,
    splits=True,
    pictures=True,
    holds=lambda kind: fits(kind, ".jsonl"),
    rows=held,
)
