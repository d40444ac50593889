"""The questions of a page and the classes to choose from, as its script reads them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from curate.inspect.class_names import alike
from curate.report.words import LONGEST_TEXT, words
from curate.verify.asked_sample import Sample, suggestions
from curate.verify.class_choices import AskedClasses
from curate.verify.nearest import NearestClasses

DIGITS = 3
SINGLE, LISTS, EACH = "single", "lists", "each"
"""What is asked: the label of an image, its labels, or whether one label of several is right."""

Json = dict[str, object]


@dataclass(frozen=True)
class Questions:
    """What a page asks, and which classes its questions name."""

    kind: str
    """SINGLE, LISTS or EACH."""
    listed: list[Json]
    rows: list[int]
    """The rows whose pictures are shown, ascending."""
    classes: list[str]
    """Labels by number: those of the crawl, then others that are suggested."""
    named: dict[str, None]
    """Labels that questions name, those of the first questions first."""


def list_questions(
    samples: Sequence[Sample], lists: bool, classes: AskedClasses, nearest: NearestClasses
) -> Questions:
    """Write each sample with what it may be instead, most likely first."""
    rows = sorted({sample.row for sample in samples})
    pictures = {row: at for at, row in enumerate(rows)}
    numbers = {label: at for at, label in enumerate(classes.labels)}
    listed, named = [], dict[str, None]()
    for sample in samples:
        offered = _offered(sample, classes, nearest)
        for label in (*sample.given, *offered):
            numbers.setdefault(label, len(numbers))
            named[label] = None
        listed.append(_question(sample, offered, pictures, numbers))
    alone = any(sample.alone for sample in samples)
    kind = EACH if alone else LISTS if lists else SINGLE
    return Questions(kind, listed, rows, list(numbers), named)


def list_classes(questions: Questions, classes: AskedClasses) -> list[list[str]]:
    """Give each class's label, name, what else it is called, and its definition.

    If it has one name, a label that does not repeat it is what else it is called. Classes that no
    question names have no definition.
    """
    found = []
    for label in questions.classes:
        first, others = classes.title(label)
        said = classes.definitions.get(label, "") if label in questions.named else ""
        others = others.removeprefix(",") or ("" if alike(label, first) else label)
        names = words(first), words(others), words(said, LONGEST_TEXT)
        found.append([label, *names])
    return found


def identity(questions: Questions, strategy: str) -> str:
    """Hash what is asked, so that a browser finds the answers to the same page again."""
    asked = [(each["key"], each["given"]) for each in questions.listed]
    said = json.dumps([questions.kind, strategy, questions.classes, asked])
    return sha256(said.encode()).hexdigest()[:16]


def _offered(
    sample: Sample, classes: AskedClasses, nearest: NearestClasses
) -> dict[str, float | None]:
    if sample.alone:
        return {}
    likely = nearest.of(sample.row, sample.given)
    return dict(suggestions(sample, likely, classes.confused_with(sample.given[0])))


def _question(
    sample: Sample,
    offered: Mapping[str, float | None],
    pictures: Mapping[int, int],
    numbers: Mapping[str, int],
) -> Json:
    return {
        "key": sample.key,
        "shown": words(sample.key),
        "picture": pictures[sample.row],
        "given": [numbers[label] for label in sample.given],
        "quality": [_rounded(value) for value in sample.qualities],
        "options": [[numbers[label], _rounded(value)] for label, value in offered.items()],
        "caption": words(sample.caption or "", LONGEST_TEXT),
        "issue": sample.issue,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
