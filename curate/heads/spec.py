"""The heads that `--head` names."""

from pkgutil import resolve_name

from curate.errors import CurateError
from curate.heads.head import Head
from curate.heads.task import Task
from curate.options.heads import AUTO, HEADS


def head_class(name: str) -> type[Head]:
    """Load the class of a head; raises KeyError for a name that is not in HEADS."""
    kind: type[Head] = resolve_name(HEADS[name].head)
    return kind


def make_head(name: str, task: Task, features: int) -> Head:
    """Make an untrained head of that name."""
    return head_class(name)(task, features, **HEADS[name].options)  # type: ignore[call-arg]


def check_head(name: str, several: bool, verified: bool, bags: bool) -> None:
    """Raise CurateError for a head that is not known, or cannot do what is asked."""
    if name not in HEADS:
        raise CurateError(f"--head {name} is not known; choose one of {', '.join([AUTO, *HEADS])}.")
    kind = head_class(name)
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
    if bags and not kind.bags:
        raise CurateError(f"--bag is for --head nmn; leave it out for --head {name}.")
