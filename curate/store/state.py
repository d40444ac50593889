"""Keep the small state between two passes, a dataclass of arrays and numbers, in a folder."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, get_type_hints

import numpy as np

from curate.store.folders import Content, Folders

State = TypeVar("State")


def parts_of(state: object) -> dict[str, Content]:
    """Take a state apart: its arrays by their dotted names, and its numbers together."""
    values = _flat(state)
    arrays = {key: value for key, value in values.items() if isinstance(value, np.ndarray)}
    numbers = {key: value for key, value in values.items() if key not in arrays}
    return {**arrays, "numbers": numbers}


def stored(store: Folders, name: str, kind: type[State]) -> State:
    """Load the state of that name; raises FileNotFoundError where there is none."""
    numbers = store.settings(name, "numbers")

    def value(key: str) -> Any:
        return numbers[key] if key in numbers else np.asarray(store.array(name, key))

    built: State = _built(kind, value)
    return built


def _flat(state: object, prefix: str = "") -> dict[str, Any]:
    """Give every array and number by its dotted name; numbers as Python's own."""
    values: dict[str, Any] = {}
    for part in fields(state):  # type: ignore[arg-type]
        value = getattr(state, part.name)
        if is_dataclass(value):
            values |= _flat(value, f"{prefix}{part.name}.")
        else:
            values[prefix + part.name] = value.item() if isinstance(value, np.generic) else value
    return values


def _built(kind: type[Any], value: Callable[[str], Any], prefix: str = "") -> Any:
    hints = get_type_hints(kind)
    values = {
        part.name: _built(hints[part.name], value, f"{prefix}{part.name}.")
        if is_dataclass(hints[part.name])
        else value(prefix + part.name)
        for part in fields(kind)
    }
    return kind(**values)
