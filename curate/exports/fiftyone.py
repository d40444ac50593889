"""FiftyOne: a folder that fiftyone.types.FiftyOneDataset imports, with all that was found."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from curate.exports.check import Row
from curate.exports.format import Format, InOrder, Read
from curate.exports.job import Batch, Job, Write
from curate.exports.picture_bytes import save_picture
from curate.options.export import ALL

COLUMNS = {
    "key": "key", "ground_truth": "label", "weight": "weight", "label_quality": "label_quality",
    "suggestion": "suggested_label", "suggested_quality": "suggested_quality",
    "is_label_issue": "is_label_issue", "issue_kind": "issue_kind", "caption": "caption",
    "split": "split",
}  # fmt: skip
DATA, SAMPLES, METADATA = "data", "samples.json", "metadata.json"
OPENING = '{"samples": [\n'


@contextmanager
def write(job: Job, path: Path) -> Iterator[Write]:
    """Write data/ROW.jpg and samples.json; a part of a split is a tag.

    This is FiftyOne's JSON format without a ``version``, which has no database ids in it; every
    version since 0.8 imports it (as LegacyFiftyOneDataset).
    """
    (path / DATA).mkdir()
    (path / METADATA).write_text(
        json.dumps({"media_type": "image", "info": {"classes": job.classes}})
    )
    commas = chain([""], repeat(",\n"))
    with (path / SAMPLES).open("w", encoding="utf-8") as file:

        def add(batch: Batch) -> None:
            fields = batch.table.to_pylist()
            for row, values, picture in zip(batch.rows["row"], fields, batch.pictures, strict=True):
                name = f"{DATA}/{row:09d}.{picture.ending}"
                save_picture(picture, path / name, job.options.link)
                sample = json.dumps(_sample(job, name, values), ensure_ascii=False)
                file.write(next(commas) + sample)

        file.write(OPENING)
        yield add
        file.write("\n]}\n")


def _sample(job: Job, name: str, values: dict[str, Any]) -> dict[str, Any]:
    """Describe a sample: the labels are Classification, all else plain fields."""
    truth, guess, quality, split = (
        job.record.name(n) for n in ("ground_truth", "suggestion", "suggested_quality", "split")
    )
    tag = values.pop(split, None)
    sure = values.get(quality)
    fields = {
        **values,
        truth: _classification(values[truth], None),
        guess: _classification(values[guess], sure),
    }
    tags = [] if tag is None else [tag]
    return {"filepath": name, "tags": tags, "metadata": None, "_media_type": "image", **fields}


def _classification(label: Any, confidence: Any) -> dict[str, Any] | None:
    """Make FiftyOne's label of a class, or of several."""
    if label is None:
        return None
    if isinstance(label, list):
        sure = confidence or [None] * len(label)
        several = [_classification(*pair) for pair in zip(label, sure, strict=True)]
        return {"_cls": "Classifications", "classifications": several}
    return {"_cls": "Classification", "tags": [], "label": str(label), "confidence": confidence}


def read(job: Job, path: Path) -> Read:
    """Read with Python's json: importing fiftyone starts a database."""
    return "Python's json", _read(job, path)


def _read(job: Job, path: Path) -> Iterator[Row]:
    truth, weight = job.record.name("ground_truth"), job.record.name("weight")
    with (path / SAMPLES).open(encoding="utf-8") as file:
        for line in file:
            text = line.rstrip().removesuffix(",")
            if text.startswith('{"filepath"'):
                sample = json.loads(text)
                data = (path / sample["filepath"]).read_bytes()
                yield Row(_label(sample[truth]), sample[weight], data)


def _label(truth: dict[str, Any] | None) -> Any:
    if truth is None:
        return None
    several = truth.get("classifications")
    return truth["label"] if several is None else [one["label"] for one in several]


FORMAT = Format(
    InOrder(write, read), lists=True, splits=True, pictures=True, keep=ALL, columns=COLUMNS
)
