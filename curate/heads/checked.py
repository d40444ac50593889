"""What the folder of a head must hold, checked before anything is made of it.

Others may have written it: its sizes are believed only as far as its numbers are there.
"""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from curate.heads.cross_fit import CrossFitted
from curate.heads.inputs import Inputs
from curate.heads.spec import head_class
from curate.heads.task import Task
from curate.options.heads import HEADS
from curate.terminal.printable import brief

MOST = 10_000_000
"""Of anything that is counted."""
DTYPES = {torch.float32: "F32", torch.int64: "I64"}

Shapes = dict[str, tuple[list[int], str]]
"""Of every tensor its shape, and its type as safetensors writes it."""


@dataclass(frozen=True)
class About:
    """What a head says of itself."""

    head: str
    task: Task
    features: int
    directions: int
    per_class: int
    crawl: str
    encoder: str
    classes: tuple[str, ...]

    @classmethod
    def read(cls, told: object) -> "About":
        """Check what its JSON says; raises ValueError, which says what is wrong with it."""
        about = _object(told, "the head", cls)
        name = _text(about, "head")
        if name not in HEADS:
            raise ValueError(f"there is no head '{brief(name)}'")
        task = _task(about["task"])
        if task.several and not head_class(name).several:
            raise ValueError(f"head '{name}' takes one label for each image")
        classes = about["classes"]
        if not isinstance(classes, list) or not all(isinstance(each, str) for each in classes):
            raise ValueError("'classes' is no list of texts")
        if len(set(classes)) != len(classes) or len(classes) != task.named:
            raise ValueError(f"'classes' are not {task.named:,} different ones")
        return cls(
            name,
            task,
            _whole(about, "features", 1),
            _whole(about, "directions", 1),
            _whole(about, "per_class", 1),
            _text(about, "crawl"),
            _text(about, "encoder"),
            tuple(classes),
        )

    def inputs(self) -> Inputs:
        """Make the inputs, without their numbers."""
        sizes = (self.features, self.directions, self.task.classes, self.per_class, self.task.new)
        return Inputs(*sizes)

    def check_numbers(self, path: Path) -> None:
        """Hold the shapes of a file of numbers against those of the head, which is not made yet.

        Raises ValueError where they differ. The inputs come first: with them the sizes are no
        larger than what the file holds.
        """
        found = _shapes(path)
        with torch.device("meta"):
            _compare({f"inputs.{k}": v for k, v in _shapes_of(self.inputs()).items()}, found)
            head = CrossFitted(self.head, self.task, self.inputs())
        wanted = _shapes_of(head)
        _compare(wanted, found)
        if set(found) != set(wanted):
            raise ValueError("it has other numbers than such a head")


def check_values(head: CrossFitted) -> None:
    """Raise ValueError for numbers by which nothing can be computed."""
    for name, values in head.state_dict().items():
        if not torch.isfinite(values).all():
            raise ValueError(f"'{name}' holds what is no number")
        if name.endswith("running_var") and (values < 0).any():
            raise ValueError(f"'{name}' is negative")
    if not head.inputs.tau > 0:
        raise ValueError("'inputs.tau' is not above 0")


def _task(told: object) -> Task:
    about = _object(told, "'task'", Task)
    for flag in ("several", "none", "empty"):
        if not isinstance(about[flag], bool):
            raise ValueError(f"'{flag}' is neither true nor false")
    if about["several"] and about["none"]:
        raise ValueError("'several' and 'none' cannot both be")
    _whole(about, "classes", 2)
    _whole(about, "new", 0)
    return Task(**about)


def _object(told: object, what: str, kind: type[Any]) -> dict[str, Any]:
    """Return a JSON object that has the fields of a dataclass and no others."""
    names = {field.name for field in fields(kind)}
    if not isinstance(told, dict) or set(told) != names:
        raise ValueError(f"{what} is not described by {', '.join(sorted(names))}")
    return told


def _whole(about: dict[str, Any], name: str, least: int) -> int:
    value = about[name]
    if type(value) is not int or not least <= value <= MOST:
        raise ValueError(f"'{name}' is no whole number from {least} to {MOST:,}")
    return value


def _text(about: dict[str, Any], name: str) -> str:
    value = about[name]
    if not isinstance(value, str):
        raise ValueError(f"'{name}' is no text")
    return value


def _shapes(path: Path) -> Shapes:
    with safe_open(path, framework="pt") as file:
        parts = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
        return {name: (part.get_shape(), part.get_dtype()) for name, part in parts.items()}


def _shapes_of(module: torch.nn.Module) -> Shapes:
    return {
        name: (list(values.shape), DTYPES[values.dtype])
        for name, values in module.state_dict().items()
    }


def _compare(wanted: Shapes, found: Shapes) -> None:
    for name, shape in wanted.items():
        if found.get(name) != shape:
            raise ValueError(f"'{name}' is not what such a head has")
