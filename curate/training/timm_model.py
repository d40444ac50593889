"""Opening timm models; timm is imported only here."""

import difflib
from pathlib import Path
from typing import Any

from torch import nn

from curate.encoders.hub import what_happened
from curate.errors import CurateError
from curate.training.spec import NetworkSpec
from curate.training.weights import load_trunk

PUBLISHED = "pretrained"


def open_timm(spec: NetworkSpec) -> tuple[nn.Module, dict[str, Any]]:
    """Return a model without its head, and size, interpolation, mean and std of its pictures.

    Raises CurateError for an unknown name, and for weights that cannot be downloaded or loaded.
    """
    from timm import create_model, is_model
    from timm.data.config import resolve_data_config

    if not is_model(spec.name):
        raise CurateError(_no_such_model(spec.name))
    try:
        model = create_model(spec.name, pretrained=spec.init == PUBLISHED, num_classes=0)
    # timm raises errors of the hub's HTTP client, of torch, and its own.
    except Exception as error:
        raise CurateError(
            f"{what_happened(f'timm/{spec.name}', error)} Download its weights on another machine"
            f" and use --encoder self:timm/{spec.name}@/path/to/weights.safetensors, or leave the @"
            " out to train from scratch."
        ) from error
    if spec.init not in ("", PUBLISHED):
        load_trunk(model, Path(spec.init).expanduser(), spec.name)
    settings: dict[str, Any] = resolve_data_config({}, model=model)  # type: ignore[no-untyped-call]
    return model, {**settings, "size": settings["input_size"][1]}


def _no_such_model(name: str) -> str:
    from timm import list_models

    close = difflib.get_close_matches(name, list_models(), 5, 0)
    return (
        f"timm has no model {name!r}; the closest are {', '.join(close)}. All of them:"
        " python -c 'import timm; print(timm.list_models())'."
    )
