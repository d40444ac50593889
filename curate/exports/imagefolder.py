"""A folder of pictures for each class, as torchvision's ImageFolder reads, and weights.csv."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from curate.errors import CurateError
from curate.exports.check import Row
from curate.exports.csv import append_csv, plain_rows, read_cells
from curate.exports.folder_names import folder_names
from curate.exports.format import Format, InOrder, Read
from curate.exports.job import Batch, Job, Write
from curate.exports.picture_bytes import ENDINGS, Picture, save_picture

WEIGHTS, CLASSES = "weights.csv", "classes.csv"
RESERVED = (WEIGHTS, CLASSES, "curate-export.json")
COLUMNS = {
    "key": "key", "label": "label", "weight": "weight", "label_quality": "label_quality",
    "split": "split",
}  # fmt: skip


@contextmanager
def write(job: Job, path: Path) -> Iterator[Write]:
    """Write CLASS/ROW.jpg, in a folder for each part of a split; weights.csv lists every file.

    A class whose name cannot be a folder's gets another, which is in classes.csv. All parts have
    the same folders, so that a class has the same number in each.
    """
    names = folder_names(job.classes, RESERVED)
    with (path / CLASSES).open("ab") as classes:
        append_csv(classes, pl.DataFrame({"folder": list(names.values()), "label": list(names)}))
    made: set[str] = set()
    with (path / WEIGHTS).open("ab") as weights:

        def add(batch: Batch) -> None:
            _require_labels(job, batch)
            for name in {names[label] for label in batch.rows["label"]} - made:
                made.add(name)
                for part in job.parts:
                    (_folder(job, path, part) / name).mkdir(parents=True)
            for part, rows in batch.parts():
                folder = _folder(job, path, part)
                pictures = zip(rows.rows["label"], rows.rows["row"], rows.pictures, strict=True)
                files = [_save(job, folder / names[label], *rest) for label, *rest in pictures]
                below = [file.relative_to(path).as_posix() for file in files]
                table = pl.DataFrame(rows.table)
                append_csv(weights, table.insert_column(0, pl.Series("file", below)))

        yield add


def _folder(job: Job, path: Path, part: str) -> Path:
    return path / part if job.options.select.shares else path


def _require_labels(job: Job, batch: Batch) -> None:
    unlabelled = batch.rows.filter(pl.col("label").is_null())
    for row in unlabelled["row"][:1]:
        raise CurateError(
            f"{job.weighted.path}, row {row + 1} has no label, and so no folder; leave such rows"
            " out with --keep weighted."
        )


def _save(job: Job, folder: Path, row: int, picture: Picture) -> Path:
    """Copy a picture, or link to its file."""
    file = folder / f"{row:09d}.{picture.ending}"
    save_picture(picture, file, job.options.link)
    return file


def read(job: Job, path: Path) -> Read:
    """Find the pictures with torchvision, and their weights in weights.csv."""
    return "torchvision", _read(job, path)


def _read(job: Job, path: Path) -> Iterator[Row]:
    from torchvision.datasets import DatasetFolder

    labels = {cells["folder"]: cells["label"] for cells in read_cells(path / CLASSES)}
    weight = job.record.name("weight")
    weights = {cells["file"]: float(cells[weight]) for cells in read_cells(path / WEIGHTS)}
    for part in job.parts:
        found = DatasetFolder(
            str(_folder(job, path, part)),
            loader=lambda file: Path(file).read_bytes(),
            extensions=tuple(f".{ending}" for ending in ENDINGS.values()),
            allow_empty=True,
        )
        for file, number in found.samples:
            below = Path(file).relative_to(path).as_posix()
            yield Row(labels[found.classes[number]], weights[below], found.loader(file))


def rows(job: Job, batch: Batch) -> Iterator[Row]:
    """Give labels as classes.csv holds them, and pictures."""
    for row, picture in zip(plain_rows(job, batch), batch.pictures, strict=True):
        yield row._replace(picture=picture.data)


FORMAT = Format(InOrder(write, read), splits=True, pictures=True, columns=COLUMNS, rows=rows)
