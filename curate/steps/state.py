"""The small state between two passes, a dataclass of arrays and numbers, kept in a folder."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np

from curate.store.folders import Folders

State = TypeVar("State")


def kept(store: Folders, name: str, kind: type[State], make: Callable[[], State]) -> State:
    """Load the state of that name, or make and store it first.

    It is loaded in both cases, so that an interrupted run computes with the same bits.
    """
    if name not in store:
        _write(store, name, make())
    numbers = store.settings(name, "numbers")
    values: dict[str, Any] = {}
    for part in fields(kind):  # type: ignore[arg-type]
        stored = part.name in numbers
        values[part.name] = (
            numbers[part.name] if stored else np.asarray(store.array(name, part.name))
        )
    return kind(**values)


def _write(store: Folders, name: str, state: object) -> None:
    values = {part.name: getattr(state, part.name) for part in fields(state)}  # type: ignore[arg-type]
    arrays = {key: value for key, value in values.items() if isinstance(value, np.ndarray)}
    numbers = {key: value for key, value in values.items() if key not in arrays}
    store.write(name, {**arrays, "numbers": numbers})
