"""The JSON beside an ONNX model: how to prepare pictures, and the names of input and output."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from curate.errors import CurateError
from curate.images.preprocess import Interpolation, Preprocess, ResizeMode
from curate.terminal.printable import brief

EXAMPLE = (
    '{"size": 224, "interpolation": "bicubic", "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], '
    '"input": "x", "output": "features", "dim": 512}'
)


@dataclass(frozen=True)
class OnnxSettings:
    """What the model's file does not say, or must agree with."""

    preprocess: Preprocess
    mean: tuple[float, ...]
    """For each channel of RGB in [0, 1]."""
    std: tuple[float, ...]
    input: str
    output: str
    dim: int


def read_settings(path: Path) -> OnnxSettings:
    """Read the JSON at ``path``; ``resize`` may be left out (``shortest``), other keys are ignored.

    Raises CurateError when it is missing, no JSON object, lacks a key or has an impossible value.
    """
    try:
        return _settings(path)
    except RecursionError:
        raise CurateError(f"{path} is nested too deep; write one like {EXAMPLE}.") from None


def _settings(path: Path) -> OnnxSettings:
    values = {"resize": "shortest"} | _read_object(path)
    for key, (meaning, holds) in _MUST_BE.items():
        if key not in values:
            raise CurateError(f"{path}: {key!r} is missing; it must be {meaning}.")
        if not holds(values[key]):
            raise CurateError(
                f"{path}: {key!r} is {brief(repr(values[key]))}, but it must be {meaning}."
            )
    return OnnxSettings(
        preprocess=Preprocess(values["size"], values["interpolation"], values["resize"]),
        mean=tuple(values["mean"]),
        std=tuple(values["std"]),
        input=values["input"],
        output=values["output"],
        dim=values["dim"],
    )


def _read_object(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise CurateError(
            f"{path} is missing: an ONNX encoder needs it beside the model, for example {EXAMPLE}."
        ) from None
    except (OSError, ValueError) as error:
        raise CurateError(f"{path} cannot be read as JSON ({error}); fix it.") from error
    if not isinstance(values, dict):
        raise CurateError(f"{path} holds no JSON object; write one like {EXAMPLE}.")
    return values


def _is_count(value: object) -> bool:
    return type(value) is int and value > 0


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _are_three_numbers(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 3
        and all(type(number) in (int, float) and math.isfinite(number) for number in value)
    )


_MUST_BE: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "size": ("the side of the input in pixels, a whole number above 0", _is_count),
    "interpolation": (
        f"one of {', '.join(get_args(Interpolation))}",
        lambda value: value in get_args(Interpolation),
    ),
    "resize": (f"one of {', '.join(get_args(ResizeMode))}", lambda v: v in get_args(ResizeMode)),
    "mean": ("three numbers, one for each of R, G, B in [0, 1]", _are_three_numbers),
    "std": (
        "three numbers above 0, one for each of R, G, B in [0, 1]",
        lambda value: _are_three_numbers(value) and min(value) > 0,
    ),
    "input": ("the name of the model's input", _is_name),
    "output": ("the name of the model's output that holds the features", _is_name),
    "dim": ("the length of a feature, a whole number above 0", _is_count),
}
