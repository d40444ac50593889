"""The heads that --head names; light to import."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

AUTO = "auto"


@dataclass(frozen=True)
class Kind:
    """How a head is made, and what its help says of it."""

    head: str
    """The class, as module:NAME."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What the class is made with, beside the task."""
    note: str = ""


XIAO, VEIT, HU = "curate.heads.xiao:Xiao", "curate.heads.veit:Veit", "curate.heads.hu:Hu"
NMN, FINE_TUNE = "curate.heads.nmn:Nmn", "curate.heads.fine_tune:FineTune"
HEADS = {
    "stack": Kind("curate.heads.stack:Stack"),
    "xiao": Kind(XIAO),
    "veit": Kind(VEIT),
    "veit:joint": Kind(VEIT, {"pretrained": False}, "not pretrained"),
    "hu": Kind(HU),
    "hu:sigmoid": Kind(HU, {"activation": "sigmoid"}),
    "hu:tanh": Kind(HU, {"activation": "tanh"}),
    "nmn": Kind(NMN, note="needs no verified rows"),
    "nmn:dependent": Kind(NMN, {"dependent": True}, "on features"),
    "nmn:two-stages": Kind(NMN, {"two_stages": True}, "trained as in the paper"),
    "nmn:two-stages-dependent": Kind(NMN, {"two_stages": True, "dependent": True}, "both"),
    "fine-tune": Kind(FINE_TUNE),
    "fine-tune:mixed": Kind(FINE_TUNE, {"mixed": True}),
    "sukhbaatar": Kind("curate.heads.sukhbaatar:Sukhbaatar"),
}
"""Each head by its name."""
POSSIBLE = ", ".join(
    [AUTO, *(f"{name} ({kind.note})" if kind.note else name for name, kind in HEADS.items())]
)
