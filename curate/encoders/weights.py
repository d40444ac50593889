"""Load saved weights into a trunk."""

import hashlib
import warnings
from pathlib import Path
from pickle import UnpicklingError

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from curate.errors import CurateError


def load_trunk(trunk: nn.Module, path: Path, what: str) -> None:
    """Load the weights of a trunk: safetensors, or what torch loads with ``weights_only``.

    Raises CurateError for a file that is missing, damaged, or lacks weights of this architecture;
    other content of the file, such as a head, is ignored.
    """
    if not path.is_file():
        raise CurateError(f"there is no checkpoint {path}; give its path after the @.")
    try:
        missing = trunk.load_state_dict(_read(path), strict=False).missing_keys
        reason = f"it lacks {missing[0]}" if missing else ""
    except (RuntimeError, TypeError, AttributeError, OSError, EOFError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
    except UnpicklingError:  # torch's own message recommends loading it unsafely
        reason = "it is damaged, or holds more than plain tensors"
    if reason:
        raise CurateError(
            f"{path} cannot be loaded as a checkpoint of {what} ({reason}); check that this is the"
            " architecture it was trained as, and save its plain state dict with"
            " safetensors.torch.save_file."
        )


def weights_digest(network: nn.Module) -> str:
    """Hash the names, types and values of a network's weights, wherever these came from."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        values = tensor.detach().cpu().contiguous().reshape(-1)
        digest.update(values.view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _read(path: Path) -> dict[str, torch.Tensor]:
    if path.suffix == ".safetensors":
        return load_file(path)
    with warnings.catch_warnings(action="ignore"):
        state: dict[str, torch.Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return state
