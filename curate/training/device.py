"""The device and the precision of a network."""

from dataclasses import dataclass
from typing import Any

import torch

from curate.encoders.device import torch_device


@dataclass(frozen=True)
class Computer:
    """A device and the precision of convolutions and products on it."""

    device: torch.device
    half: torch.dtype | None
    """bfloat16 where the device computes with it, else None: float32."""

    def autocast(self) -> Any:
        """Give the context in which a network runs."""
        return torch.autocast(self.device.type, self.half, enabled=self.half is not None)


def computer(name: str) -> Computer:
    """Choose the device of that name and the fastest precision that trains well on it."""
    device = torch_device(name)
    if device.type == "cpu":
        capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
        return Computer(device, torch.bfloat16 if capabilities.get("avx512_bf16") else None)
    native = torch.cuda.is_bf16_supported(including_emulation=False)
    return Computer(device, torch.bfloat16 if native else None)
