"""What the driver asks of each node, and what it says of those that do not fit."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from curate.errors import CurateError
from curate.store.atomic import unfinished_name
from curate.store.code import whole_code
from curate.store.machine import processor
from curate.store.versions import versions
from curate.terminal.notices import warn
from curate.terminal.printable import listed

FEW = 3
"""Names that are said of many."""


@dataclass(frozen=True)
class About:
    """A machine and what is installed on it."""

    code: str
    versions: Mapping[str, str]
    processor: str


def about_this() -> dict[str, Any]:
    """Say what this machine is, as text and numbers that travel."""
    return asdict(About(whole_code(), versions(), processor()))


def looking() -> Callable[[], dict[str, Any] | str]:
    """Give what a node is to be called with: it returns `about_this`, or why it has no curate."""

    def look() -> dict[str, Any] | str:
        # A function inside of another travels whole, to nodes without curate too.
        try:
            from curate.cluster import node
        except ImportError as error:
            return str(error)
        return node.about_this()

    return look


@contextmanager
def marked(folder: Path) -> Iterator[Path]:
    """Give a file that lies in a folder for a while: who sees it sees the same folder."""
    mark = unfinished_name(folder / "seen")
    mark.touch()
    try:
        yield mark
    finally:
        mark.unlink()


def may_write(mark: Path) -> bool:
    """Tell whether this process sees a file, and may write beside it."""
    return mark.is_file() and os.access(mark.parent, os.W_OK)


def require_writable(folder: Path, option: str, nodes: Mapping[str, bool]) -> None:
    """Raise CurateError for a node that cannot write into the folder that an option names."""
    for node, may in nodes.items():
        if not may:
            raise CurateError(
                f"{node} does not see this machine's {folder}, or cannot write into it; name a"
                f" folder that all nodes see under the same name (on a shared disk) with {option}."
            )


def no_answer(node: str, reason: str) -> CurateError:
    """Say that a node does not answer."""
    return CurateError(
        f"{node} does not answer ({reason}); look at `ray status` and at Ray's logs there, and run"
        " the same command again."
    )


def check_nodes(told: Mapping[str, dict[str, Any] | str], console: Console) -> None:
    """Compare nodes with this machine; of one that cannot import curate, the reason is told.

    Raises CurateError for one that has no curate or another one, and says where processors or
    libraries differ.
    """
    here = About(**about_this())
    nodes = {name: _require_same(name, about, here) for name, about in told.items()}
    kinds = sorted({about.processor for about in (*nodes.values(), here)})
    if len(kinds) > 1:
        _say_mixture(console, f"processors of nodes and of this machine are {listed(kinds, FEW)}")
    others = _other_libraries(nodes.values(), here)
    if others:
        _say_mixture(console, f"not all nodes have this machine's {listed(others, FEW)}")


def _require_same(node: str, about: dict[str, Any] | str, here: About) -> About:
    """Raise CurateError for a node without curate, or with other code than ``here``."""
    own = here.versions.get("curate")
    if isinstance(about, str):
        raise CurateError(
            f"{node} cannot import curate ({about}); install it there as it is here (version {own})"
            " in the environment that Ray was started from."
        )
    found = About(**about)
    if found.code != here.code:
        raise CurateError(
            f"{node} has another curate than this machine (version {found.versions.get('curate')},"
            f" code {found.code}; here {own}, code {here.code}); install the same one on all nodes,"
            " and start Ray there again."
        )
    return found


def _say_mixture(console: Console, what: str) -> None:
    warn(console, "Nodes differ", f"{what}; last digits may depend on which node computes them.")


def _other_libraries(nodes: Iterable[About], here: About) -> list[str]:
    """Name the libraries of which some node has another version."""
    pairs = {
        pair for about in nodes for pair in set(about.versions.items()) ^ set(here.versions.items())
    }
    return sorted({name for name, _ in pairs})
