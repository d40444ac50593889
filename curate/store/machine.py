"""What kind of machine this is: processors and GPUs of other kinds round last digits otherwise."""

import platform
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path


def machine_kind() -> str:
    """Name the processor and, where this process computes on one, the GPU."""
    gpu = _gpu()
    return f"{processor()}, {gpu}" if gpu else processor()


@cache
def processor() -> str:
    """Name the processor's model."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    return platform.processor() or platform.machine()


def _gpu() -> str | None:
    """Name the GPU that torch uses; torch is not imported for that."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return None
    name: str = torch.cuda.get_device_name()
    return name
