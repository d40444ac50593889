"""Which head `--head` names."""

from typing import Any

from curate.errors import CurateError
from curate.heads.fine_tune import FineTune
from curate.heads.head import Head
from curate.heads.hu import Hu
from curate.heads.nmn import Nmn
from curate.heads.stack import Stack
from curate.heads.sukhbaatar import Sukhbaatar
from curate.heads.task import Task
from curate.heads.veit import Veit
from curate.heads.xiao import Xiao

AUTO = "auto"
HEADS: dict[str, tuple[type[Head], dict[str, Any]]] = {
    "stack": (Stack, {}),
    "xiao": (Xiao, {}),
    "veit": (Veit, {}),
    "veit:joint": (Veit, {"pretrained": False}),
    "hu": (Hu, {}),
    "hu:sigmoid": (Hu, {"activation": "sigmoid"}),
    "hu:tanh": (Hu, {"activation": "tanh"}),
    "nmn": (Nmn, {}),
    "nmn:dependent": (Nmn, {"dependent": True}),
    "fine-tune": (FineTune, {}),
    "fine-tune:mixed": (FineTune, {"mixed": True}),
    "sukhbaatar": (Sukhbaatar, {}),
}


def make_head(name: str, task: Task, features: int) -> Head:
    """Make an untrained head of that name."""
    kind, options = HEADS[name]
    return kind(task, features, **options)  # type: ignore[call-arg]


def choose_head(name: str, several: bool, verified: bool, bags: bool) -> str:
    """Check the name of a head against the data, or choose one for it where it is auto.

    The choice is the one that docs/evidence.md recommends: stack, and nmn where nothing is
    verified or rows share bags. Raises CurateError for a head that cannot do what is asked.
    """
    if name == AUTO:
        name = "stack" if verified and not bags else "nmn"
    if name not in HEADS:
        raise CurateError(f"--head {name} is not known; choose one of {', '.join([AUTO, *HEADS])}.")
    kind = HEADS[name][0]
    if kind.needs_verified and not verified:
        raise CurateError(
            f"--head {name} learns from verified rows; name them with --verified FILE (`curate"
            " verify` writes one), or use --head nmn, which does without."
        )
    if several and not kind.several:
        raise CurateError(
            f"--head {name} takes one label for each image, and the manifest has lists; choose"
            " another head."
        )
    if bags and kind is not Nmn:
        raise CurateError(f"--bag is for --head nmn; leave it out for --head {name}.")
    return name
