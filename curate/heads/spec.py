"""Which head `--head` names."""

from collections.abc import Callable
from functools import partial

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
Make = Callable[[Task, int], Head]
HEADS: dict[str, tuple[type[Head], Make]] = {
    "stack": (Stack, Stack),
    "xiao": (Xiao, Xiao),
    "veit": (Veit, Veit),
    "veit:joint": (Veit, partial(Veit, pretrained=False)),
    "hu": (Hu, Hu),
    "hu:sigmoid": (Hu, partial(Hu, activation="sigmoid")),
    "hu:tanh": (Hu, partial(Hu, activation="tanh")),
    "nmn": (Nmn, Nmn),
    "nmn:dependent": (Nmn, partial(Nmn, dependent=True)),
    "fine-tune": (FineTune, FineTune),
    "fine-tune:mixed": (FineTune, partial(FineTune, mixed=True)),
    "sukhbaatar": (Sukhbaatar, Sukhbaatar),
}


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
