"""Open vision models of transformers; of curate's modules the only one that imports it."""

import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curate.encoders.hub import SECONDS_TO_ANSWER, what_happened
from curate.errors import CurateError
from curate.store.named import named_folder

if TYPE_CHECKING:
    import torch

FILES = ("config.json", "preprocessor_config.json", "processor_config.json",
         "*.safetensors", "*.safetensors.index.json")  # fmt: skip
ORG_MODEL = re.compile(r"[\w-][\w.-]*/[\w.-]+")


def model_folder(model: str) -> Path:
    """Find the folder of a model: a folder, or ORG/MODEL from the cache or the hub.

    Only settings and safetensors are fetched. Raises CurateError for what is neither, and where
    the hub does not give them.
    """
    folder = named_folder(model)
    if folder.is_dir():
        return folder
    if not ORG_MODEL.fullmatch(model):
        raise CurateError(
            f"--encoder hf:{model}: there is no such folder, and on the hub models are called"
            " ORG/MODEL, such as facebook/dinov2-small."
        )
    try:
        return _from_hub(model)
    # Its errors are those of its HTTP client, which changes with each major version.
    except Exception as error:
        raise CurateError(
            f"{what_happened(model, error)} Download config.json, preprocessor_config.json and"
            f" model.safetensors from https://huggingface.co/{model} on another machine and use"
            " --encoder hf:/path/to/that/folder, or use --encoder onnx:FILE or embedded."
        ) from error


def _from_hub(model: str) -> Path:
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    files = list(FILES)
    try:
        return Path(snapshot_download(model, allow_patterns=files, local_files_only=True))
    except LocalEntryNotFoundError:
        # Unlike snapshot_download, which tries an unreachable hub for most of a minute, once.
        HfApi().model_info(model, timeout=SECONDS_TO_ANSWER)
        return Path(snapshot_download(model, allow_patterns=files))


def open_transformers(
    folder: Path,
) -> tuple["torch.nn.Module", "Callable[[torch.Tensor], torch.Tensor]", dict[str, Any]]:
    """Return a model, the function (n, 3, h, w) -> (n, D) of it, and its processor's settings.

    No code of the folder is run. Raises CurateError for a folder without such a model.
    """
    try:
        with _silent():
            processor, model, told = _load(folder)
    except ModuleNotFoundError:
        raise
    # A folder without a model fails differently for each model of transformers.
    except Exception as error:
        raise CurateError(_refusal(folder, f"{type(error).__name__}: {error}")) from error
    missing = sorted(told["missing_keys"])
    lacking = [name for name in missing if not name.startswith("pooler.")]
    if lacking:
        raise CurateError(_refusal(folder, f"its weights lack {lacking[0]}"))
    return model.eval(), _features_of(model, pooled=not missing), processor.to_dict()


def _load(folder: Path) -> tuple[Any, Any, dict[str, Any]]:
    import torch
    from transformers import AutoImageProcessor, AutoModel

    local: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    processor = AutoImageProcessor.from_pretrained(folder, **local)  # type: ignore[no-untyped-call]
    model, told = AutoModel.from_pretrained(
        folder, dtype=torch.float32, use_safetensors=True, output_loading_info=True, **local
    )
    return processor, model, told


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keep transformers from printing progress bars and reports of its own."""
    from transformers.utils import logging as transformers_logging

    logging: Any = transformers_logging
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def _features_of(model: Any, pooled: bool) -> "Callable[[torch.Tensor], torch.Tensor]":
    """Choose what stands for a picture.

    What ``get_image_features`` gives (CLIP, SigLIP), else the pooled output (DINOv2, ResNet), else
    the first token. A pooling is used only if it is ``pooled``: has trained weights, or needs none.
    """
    images = getattr(model, "get_image_features", model)

    def features(pixels: "torch.Tensor") -> "torch.Tensor":
        found = images(pixel_values=pixels)
        pooling = getattr(found, "pooler_output", None) if pooled else None
        if pooling is None and found.last_hidden_state.ndim != 3:
            raise ValueError("it gives neither a pooled output nor tokens")
        chosen: torch.Tensor = found.last_hidden_state[:, 0] if pooling is None else pooling
        return chosen.flatten(1)

    return features


def _refusal(folder: Path, reason: str) -> str:
    return (
        f"{folder} cannot be used as a vision model of transformers"
        f" ({' '.join(reason.split())[:200]}); give the folder of one such as DINOv2 or SigLIP,"
        " with config.json, preprocessor_config.json and model.safetensors."
    )
