"""Label Studio: tasks with pictures and predictions, and the labelling interface for them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

import polars as pl

from curate.errors import CurateError
from curate.exports.check import Row
from curate.exports.format import Format, InOrder, Read
from curate.exports.job import Batch, Job, Write
from curate.exports.picture_bytes import save_picture
from curate.manifest.how_drawn import OTHER, RANDOM, STRATEGY
from curate.manifest.label_studio import NONE
from curate.options.export import ALL

COLUMNS = {
    "key": "key", "given": "label", "suggested": "suggested_label", "weight": "weight",
    "label_quality": "label_quality", "is_label_issue": "is_label_issue",
    "issue_kind": "issue_kind", "caption": "caption",
}  # fmt: skip
TASKS, INTERFACE, IMAGES, HOW = "tasks.json", "interface.xml", "images", "README.md"
MOST = 100_000
"""Tasks in one file: Label Studio holds an import in memory."""
FEW_CHOICES = 10
"""With more classes there is a field to search them."""


@contextmanager
def write(job: Job, path: Path) -> Iterator[Write]:
    """Write images/ROW.jpg, tasks.json, interface.xml and a README.md that says how to use them.

    A sample is in random order, so that those who stop early have answered a random sample too;
    other tasks begin with the lowest quality. Raises CurateError for more than MOST tasks, and for
    renamed columns.
    """
    if job.rows > MOST:
        raise CurateError(
            f"--to label-studio: {job.rows:,} tasks are more than it imports at once"
            f" ({MOST:,}); choose with --keep flagged, --min-quality or --sample {MOST}."
        )
    if job.options.renames:
        raise CurateError(
            "--rename: the interface and curate itself read the columns of --to label-studio by"
            " their names; leave --rename out."
        )
    if job.wants_pictures:
        (path / IMAGES).mkdir()
    tasks: list[dict[str, Any]] = []

    def add(batch: Batch) -> None:
        images = list(_images(job, batch, path))
        tasks.extend(map(_task, batch.table.to_pylist(), images, [_drawn(job)] * len(images)))

    yield add
    tasks.sort(key=_quality_of_task if job.options.sample is None else _place(job))
    lines = ",\n".join(json.dumps(task, ensure_ascii=False) for task in tasks)
    (path / TASKS).write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    (path / INTERFACE).write_text(_interface(_classes(job), job.has_lists), encoding="utf-8")
    (path / HOW).write_text(_how(job), encoding="utf-8")


def _images(job: Job, batch: Batch, path: Path) -> Iterator[str]:
    """Yield where Label Studio finds each picture: a URL of the crawl, or its own of a file."""
    if job.options.url is not None:
        yield from batch.table["url"].to_pylist()
        return
    for row, picture in zip(batch.rows["row"], batch.pictures, strict=True):
        name = f"{IMAGES}/{row:09d}.{picture.ending}"
        save_picture(picture, path / name, job.options.link)
        yield f"{_served(job)}{name}"


def _served(job: Job) -> str:
    """Say where Label Studio serves the files of the folder."""
    return f"/data/local-files/?d={quote(job.options.out.name)}/"


def _task(fields: dict[str, Any], image: str, drawn: str) -> dict[str, Any]:
    """Make a task: what is shown and kept, and the answer that is filled in beforehand."""
    fields.pop("url", None)
    said = {"image": image, **fields, STRATEGY: drawn}
    choice = {"from_name": "label", "to_name": "image", "type": "choices"}
    prediction = {
        "model_version": "curate",
        "score": _quality(fields),
        "result": [{**choice, "value": {"choices": _likely(fields)}}],
    }
    return {"data": said, "predictions": [prediction]}


def _likely(fields: dict[str, Any]) -> list[str]:
    """Choose what is filled in: the labels that are not flagged, or what was suggested instead."""
    given, suggested = fields["given"], fields.get("suggested")
    if isinstance(given, list) or isinstance(suggested, list):
        flags = fields["is_label_issue"] or [False] * len(given or [])
        kept = [label for label, flag in zip(given or [], flags, strict=True) if label and not flag]
        return [*kept, *(suggested or [])] or [NONE]
    if fields["issue_kind"] == "outlier":
        return [NONE]
    return [suggested if fields["is_label_issue"] and suggested else given or suggested or NONE]


def _quality_of_task(task: dict[str, Any]) -> float:
    return _quality(task["data"])


def _quality(fields: dict[str, Any]) -> float:
    """Return the lowest quality of a picture's labels; 1 where none was judged."""
    quality = fields["label_quality"]
    each = quality if isinstance(quality, list) else [quality]
    return min((value for value in each if value is not None), default=1.0)


def _place(job: Job) -> Any:
    """Return what sorts tasks as they were drawn."""
    rows = pl.scan_parquet(job.chosen, glob=False).select("key", "drawn").collect()
    places = dict(rows.iter_rows())
    return lambda task: places[task["data"]["key"]]


def _drawn(job: Job) -> str:
    """Say how the rows were chosen, as `curate verify` does."""
    select = job.options.select
    whole = select.keep == ALL and select.min_quality is None and select.noise_type is None
    is_random = select.sample is not None and whole and job.options.against is None
    return RANDOM if is_random else OTHER


def _classes(job: Job) -> list[str]:
    """List all classes of the crawl, those that no chosen row has too."""
    rows = job.weighted.scan()
    lists = job.has_lists
    columns = [rows.select(label=pl.col(name)) for name in ("label", "suggested_label")]
    flat = [each.explode("label", empty_as_null=False) if lists else each for each in columns]
    names = pl.concat([each.cast(pl.String) for each in flat]).unique().drop_nulls()
    found = {*names.collect(engine="streaming")["label"], *job.classes} - {""}
    if NONE in found:
        raise CurateError(
            f"--to label-studio: a class of {job.weighted.path} is named '{NONE}', which is the"
            " answer for pictures of no class; give the class another name."
        )
    return sorted(found)


def _interface(classes: list[str], several: bool) -> str:
    """Write Label Studio's labelling interface: the picture, its label, and all classes."""
    choices = "".join(f"    <Choice value={quoteattr(name)}/>\n" for name in [*classes, NONE])
    search = '  <Filter name="search" toName="label" minlength="1" hotkey="shift+f"/>\n'
    return (
        "<View>\n"
        '  <Header value="Given: $given" size="5"/>\n'
        '  <Image name="image" value="$image" zoom="true"/>\n'
        f"{search if len(classes) > FEW_CHOICES else ''}"
        f'  <Choices name="label" toName="image" choice="{"multiple" if several else "single"}"'
        ' required="true" showInline="true">\n'
        f"{choices}  </Choices>\n</View>\n"
    )


def _how(job: Job) -> str:
    """Say how the folder is used."""
    name = job.options.out.name
    serve = (
        "1. Start Label Studio so that it may show the pictures in this folder:\n\n"
        "       LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true \\\n"
        "       LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT=THE_FOLDER_THAT_HOLDS_THIS_ONE \\\n"
        "       label-studio start\n\n"
        "   In the project, Settings, Cloud Storage, Add Source Storage, Local files: name\n"
        f"   `THE_FOLDER_THAT_HOLDS_THIS_ONE/{name}/{IMAGES}`, and save without syncing.\n"
        if job.options.url is None
        else "1. Start Label Studio; the pictures are shown from their URLs.\n"
    )
    return (
        f"# Tasks for Label Studio\n\n{serve}"
        f"2. Settings, Labeling Interface, Code: paste `{INTERFACE}`.\n"
        f"3. Import `{TASKS}`. The likeliest answer is filled in; sort by prediction score to see\n"
        "   the most suspicious first.\n"
        "4. Export as JSON, and give it to curate as it is:\n"
        "   `curate refine CRAWL.weighted.parquet --verified project-1.json`\n"
    )


def read(job: Job, path: Path) -> Read:
    """Read with Python's json."""
    return "Python's json", _read(job, path)


def _read(job: Job, path: Path) -> Iterator[Row]:
    for task in json.loads((path / TASKS).read_text(encoding="utf-8")):
        said = task["data"]
        file = said["image"].removeprefix(_served(job))
        picture = (path / file).read_bytes() if job.wants_pictures else None
        yield Row(said["given"], said["weight"], picture)


FORMAT = Format(InOrder(write, read), lists=True, pictures=True, keep=ALL, columns=COLUMNS)
