"""Open models of timm; timm is imported only here."""

import difflib
from pathlib import Path
from typing import Any

from torch import nn

from curate.encoders.hub import fetch_weights
from curate.encoders.weights import load_trunk
from curate.errors import CurateError
from curate.store.named import named_file

PUBLISHED = "pretrained"
FILES = ("model.safetensors", "pytorch_model.bin")


def open_timm(name: str, init: str, spec: str) -> tuple[nn.Module, dict[str, Any]]:
    """Return a model without its head, and size, interpolation, mean and std of its pictures.

    ``init`` is PUBLISHED, the path of weights, or empty for none; ``spec`` is how the user names
    the model, for errors. Raises CurateError for an unknown name, for weights that are missing,
    broken or cannot be downloaded, and for a model whose pictures are not square.
    """
    from timm import create_model
    from timm.data.config import resolve_data_config

    _check_name(name)
    file = str(_published(name, spec)) if init == PUBLISHED else None
    try:
        # The file is read as timm reads what it has downloaded itself.
        published = {"file": file, "custom_load": False} if file else None
        model = create_model(
            name, pretrained=bool(file), pretrained_cfg_overlay=published, num_classes=0
        )
    # torch, safetensors and timm each raise their own errors.
    except Exception as error:
        raise CurateError(
            f"{file or name} cannot be loaded by timm ({' '.join(str(error).split())[:200]}); if it"
            " is damaged, delete it, and it will be downloaded again."
        ) from error
    if init not in ("", PUBLISHED):
        load_trunk(model, named_file(init), name)
    settings: dict[str, Any] = resolve_data_config({}, model=model)  # type: ignore[no-untyped-call]
    _, height, width = settings["input_size"]
    if height != width:
        raise CurateError(
            f"--encoder {spec} takes {height} x {width} pictures; only square ones can be made"
            " here: choose another model."
        )
    return model, {**settings, "size": height}


def _published(name: str, spec: str) -> Path:
    """Find the published weights of a model in the cache, or download them."""
    from timm.models import get_pretrained_cfg

    settings = get_pretrained_cfg(name)
    if settings is None or not settings.hf_hub_id:
        where = (
            f"outside the Hugging Face hub, at {settings.url}" if settings and settings.url else ""
        )
        raise CurateError(
            f"the weights of {name} are published {where or 'nowhere'}; give a file of your own:"
            f" --encoder {spec}@/path/to/weights.safetensors."
        )
    return fetch_weights(spec, settings.hf_hub_id, FILES)


def _check_name(name: str) -> None:
    """Raise CurateError for an architecture, or a tag after its dot, that timm does not have."""
    from timm import is_model, list_models, list_pretrained

    arch, _, tag = name.partition(".")
    if not is_model(arch):
        raise CurateError(
            f"timm has no model {name!r}; the closest are {_closest(arch, list_models())}. All of"
            " them: python -c 'import timm; print(timm.list_models())'."
        )
    if tag and name not in (names := list_pretrained(f"{arch}.*")):
        there_are = f"there are {_closest(name, names)}" if names else "there are no weights of it"
        raise CurateError(f"timm has no weights {name!r}; {there_are}.")


def _closest(name: str, names: list[str]) -> str:
    return ", ".join(difflib.get_close_matches(name, names, 5, 0))
