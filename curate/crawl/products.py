"""Which device makes the products of SINet's steps."""

from pathlib import Path

from curate.encoders.device import torch_device
from prototypes.engine.products import HOST, Products

DRIVERS = (Path("/dev/nvidiactl"), Path("/dev/dxg"))
"""One of these is there where Linux, or Linux on Windows, has an NVIDIA driver."""


def products_on(device: str) -> Products:
    """Choose a GPU where ``device``, as --device has it, allows that and there is one.

    torch, which takes seconds to load, is asked only where there is a driver or the user said so.
    Raises CurateError as `torch_device` does.
    """
    if device == "cpu" or (device == "auto" and not any(map(Path.exists, DRIVERS))):
        return HOST
    found = torch_device(device)
    if found.type == "cpu":
        return HOST
    from prototypes.engine.torch_products import TorchProducts

    return TorchProducts(found.type)
