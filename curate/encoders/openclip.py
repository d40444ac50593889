"""Open models of open_clip, both towers; open_clip is imported only here."""

import difflib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from curate.encoders.hub import fetch_weights
from curate.errors import CurateError
from curate.store.named import named_file

if TYPE_CHECKING:
    import torch

NAMES_AT_A_TIME = 32


def open_clip_parts(model: str) -> tuple[str, str, Path | None]:
    """Read ARCH, TAG and CHECKPOINT from ARCH/TAG@CHECKPOINT."""
    name, at, path = model.partition("@")
    arch, _, tag = name.partition("/")
    return arch, tag, named_file(path) if at else None


def open_model(arch: str, tag: str = "", checkpoint: Path | None = None) -> tuple[Any, Path]:
    """Return a model, both towers on the CPU in float32, and the file its weights came from.

    With a tag: the published model, downloaded unless it is in the cache, or from ``checkpoint``
    if that is given. With a checkpoint alone: mean, deviation and resizing are those on which
    all published tags of ``arch`` agree, else open_clip's own. A checkpoint is safetensors, or
    what torch loads with ``weights_only``: nothing in it is executed. An architecture of one's
    own must be registered first (``open_clip.add_model_config``).

    Raises CurateError for an unknown architecture or tag, a checkpoint that is missing, broken
    or another architecture's, and weights that the hub does not give.
    """
    _check_arch(arch)
    published = _published(arch, tag) if tag or checkpoint is None else _agreed(arch)
    if checkpoint is None:
        repo, _, name = published["hf_hub"].rpartition("/")
        checkpoint = fetch_weights(f"open_clip:{arch}/{tag}", repo, _file_names(name))
    elif not checkpoint.is_file():
        raise CurateError(f"there is no checkpoint {checkpoint}; give its path after the @.")
    return _create(arch, checkpoint, published), checkpoint


def new_model(arch: str) -> Any:
    """Return an untrained model of that architecture; its text tower is untrained too.

    Raises CurateError for an unknown architecture.
    """
    _check_arch(arch)
    from open_clip import create_model

    logging.disable(logging.WARNING)  # it warns that there are no weights
    try:
        return create_model(arch, load_weights=False, pretrained_text=False)
    finally:
        logging.disable(logging.NOTSET)


def published_tags(arch: str) -> Sequence[str]:
    """Name the published weights of an architecture; raises CurateError for an unknown one."""
    _check_arch(arch)
    from open_clip import list_pretrained_tags_by_model

    tags: Sequence[str] = list_pretrained_tags_by_model(arch)
    return tags


def embed_names(
    arch: str,
    model: Any,
    names: Sequence[str],
    device: "torch.device",
    advance: Callable[[int], None],
) -> NDArray[np.float32]:
    """Embed names by the text tower of a model of ``arch``: (n, E) unit rows.

    Each is the mean over open_clip's seven simple prompts, those that OpenAI found best for
    ImageNet. Raises CurateError if the tokenizer cannot be loaded.
    """
    from open_clip import SIMPLE_IMAGENET_TEMPLATES, build_zero_shot_classifier, get_tokenizer

    try:
        tokenizer = get_tokenizer(arch)
    # Some come from the hub, by way of transformers and its HTTP client.
    except Exception as error:
        raise CurateError(
            f"--zero-shot: the tokenizer of {arch} is not to be had ({_reason(error)}); put it in"
            " the Hugging Face cache, or leave --zero-shot out."
        ) from error
    model.to(device)
    found = []
    for start in range(0, len(names), NAMES_AT_A_TIME):
        some = names[start : start + NAMES_AT_A_TIME]
        texts = build_zero_shot_classifier(
            model, tokenizer, some, SIMPLE_IMAGENET_TEMPLATES, None, device
        )
        found.append(texts.T.float().cpu().numpy())
        advance(len(some))
    return np.concatenate(found)


def _create(arch: str, checkpoint: Path, published: dict[str, Any]) -> Any:
    from open_clip import create_model

    try:
        model = create_model(
            arch,
            pretrained=str(checkpoint),
            require_pretrained=True,
            weights_only=True,
            force_preprocess_cfg=published,
            force_quick_gelu=published.get("quick_gelu", False),
        )
    # torch, safetensors, pickle, zipfile and open_clip each raise their own errors.
    except Exception as error:
        raise CurateError(
            f"{checkpoint} cannot be loaded as a checkpoint of {arch} ({_reason(error)}); check "
            "that this is the architecture it was trained as, and save its plain state dict with "
            "safetensors.torch.save_file."
        ) from error
    return model.eval()


def _reason(error: Exception) -> str:
    if isinstance(error, UnpicklingError):  # torch's own words advise to load it unsafely
        return "it is damaged, or holds more than plain tensors"
    return " ".join(str(error).split())[:300]


def _published(arch: str, tag: str) -> dict[str, Any]:
    from open_clip import get_pretrained_cfg, list_pretrained_tags_by_model

    published: dict[str, Any] = get_pretrained_cfg(arch, tag)
    if not published:
        raise CurateError(_no_such_tag(arch, tag, list_pretrained_tags_by_model(arch)))
    return published


def _agreed(arch: str) -> dict[str, Any]:
    from open_clip import get_pretrained_cfg, list_pretrained_tags_by_model

    tags = [get_pretrained_cfg(arch, tag) for tag in list_pretrained_tags_by_model(arch)]
    keys = ("mean", "std", "interpolation", "resize_mode")
    return {k: tags[0][k] for k in keys if tags and all(tag[k] == tags[0][k] for tag in tags)}


def _file_names(name: str) -> Sequence[str]:
    """Return what open_clip itself looks for: safetensors first, then the file as published."""
    from open_clip.constants import HF_SAFE_WEIGHTS_NAME, HF_WEIGHTS_NAME

    if not name:
        return HF_SAFE_WEIGHTS_NAME, HF_WEIGHTS_NAME
    return str(Path(name).with_suffix(".safetensors")), name


def _check_arch(arch: str) -> None:
    from open_clip import list_models

    if arch not in list_models():
        raise CurateError(
            f"open_clip has no architecture {arch!r}; the closest are "
            f"{', '.join(_closest(arch, list_models()))}. All of them: "
            "python -c 'import open_clip; print(open_clip.list_models())'."
        )


def _no_such_tag(arch: str, tag: str, tags: Sequence[str]) -> str:
    if not tags:
        return (
            f"no weights are published for {arch}; give a checkpoint of your own: "
            f"--encoder open_clip:{arch}@/path/to/checkpoint."
        )
    asked = f"no weights {tag!r} are published for {arch}" if tag else f"{arch} needs a tag"
    return f"{asked}; there are {', '.join(_closest(tag, tags, len(tags)))}."


def _closest(word: str, known: Sequence[str], at_most: int = 5) -> list[str]:
    """Return up to ``at_most`` of ``known``, those most like ``word`` first, in any case."""

    def unlikeness(name: str) -> float:
        return -difflib.SequenceMatcher(None, word.lower(), name.lower()).ratio()

    return sorted(known, key=unlikeness)[:at_most]
