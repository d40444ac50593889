"""Which device torch computes on."""

from typing import TYPE_CHECKING, Literal, get_args

from curate.errors import CurateError

if TYPE_CHECKING:
    import torch

Device = Literal["auto", "cpu", "cuda"]
DEVICES = get_args(Device)


def check_device(name: str) -> None:
    """Raise CurateError for an unknown device."""
    if name not in DEVICES:
        raise CurateError(f"--device {name}: it must be one of {', '.join(DEVICES)}.")


def torch_device(name: str) -> "torch.device":
    """Return the torch device of that name; ``auto`` is a GPU if there is one.

    Raises CurateError if ``cuda`` is asked for and torch sees no GPU.
    """
    import torch

    gpu = name != "cpu" and torch.cuda.is_available()
    if name == "cuda" and not gpu:
        raise CurateError(
            "--device cuda: torch sees no GPU on this machine; check `nvidia-smi` and that torch "
            "is a CUDA build (`python -m torch.utils.collect_env`), or use --device cpu."
        )
    return torch.device("cuda" if gpu else "cpu")
