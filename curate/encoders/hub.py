"""The weights of a published model, from the local cache or the Hugging Face hub."""

from collections.abc import Sequence
from pathlib import Path

from curate.errors import CurateError

OTHER_WAYS = (
    "Three ways on without the hub: "
    "(1) download https://huggingface.co/{repo} on another machine, copy its weights file here "
    "and use --encoder {spec}@/path/to/weights.safetensors; "
    "(2) use an ONNX model, --encoder onnx:/path/model.onnx; "
    "(3) use the encoder that needs no download, --encoder embedded, "
    "or bring precomputed features with --embeddings FILE."
)
SECONDS_TO_ANSWER = 10


def fetch_weights(spec: str, repo: str, names: Sequence[str]) -> Path:
    """Return the first of the files ``names`` that ``repo`` has, downloaded if not cached.

    A cached file is used without asking the hub; ``spec`` is the encoder's, for the error.

    Raises CurateError, with three ways on, when the hub cannot be reached, refuses, or has none
    of the files.
    """
    from huggingface_hub import try_to_load_from_cache

    for name in names:
        if isinstance(cached := try_to_load_from_cache(repo, name), str):
            return Path(cached)
    try:
        return _download(repo, names)
    # Its errors are those of its HTTP client, which changes with each major version.
    except Exception as error:
        raise CurateError(
            f"{what_happened(repo, error)} {OTHER_WAYS.format(spec=spec, repo=repo)}"
        ) from error


def _download(repo: str, names: Sequence[str]) -> Path:
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
    from huggingface_hub.errors import EntryNotFoundError

    for name in names:
        try:
            # Unlike hf_hub_download, which tries an unreachable hub for most of a minute, once.
            get_hf_file_metadata(hf_hub_url(repo, name), timeout=SECONDS_TO_ANSWER)
        except EntryNotFoundError:
            continue
        return Path(hf_hub_download(repo, name))
    raise FileNotFoundError(f"none of {', '.join(names)} is there")


def what_happened(repo: str, error: Exception) -> str:
    """Say in one sentence why the hub gave nothing."""
    from huggingface_hub.errors import HfHubHTTPError

    reason = str(error).strip().partition("\n")[0] or type(error).__name__
    if isinstance(error, HfHubHTTPError | FileNotFoundError):
        return f"The model hub did not give the weights of {repo} ({reason})."
    return f"The model hub huggingface.co cannot be reached for the weights of {repo} ({reason})."
