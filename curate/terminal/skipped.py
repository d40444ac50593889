"""What is passed over in an input, so that nothing is lost in silence."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from curate.terminal.printable import FEW, brief


@dataclass(frozen=True)
class Skipped:
    """Things of one kind that were passed over."""

    what: str
    """Such as "files that are no pictures"."""
    count: int
    examples: tuple[str, ...]
    """The first few, by name."""

    @classmethod
    def of(cls, what: str, names: Iterable[str]) -> "tuple[Skipped, ...]":
        """Count names and keep the first few; () if there are none."""
        passed = Passed()
        for name in names:
            passed.add(what, name)
        return passed.skipped

    def __str__(self) -> str:
        more = ", ..." if self.count > len(self.examples) else ""
        return f"{self.what} ({self.count:,}): {', '.join(map(brief, self.examples))}{more}"


class Passed:
    """Counts what is passed over, of several kinds, and keeps the first few names of each."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, list[str]] = {}

    def add(self, what: str, name: str) -> None:
        """Count one more of a kind."""
        self._counts[what] += 1
        if self._counts[what] <= FEW:
            self._examples.setdefault(what, []).append(brief(name))

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """What was counted, in the order in which the kinds came."""
        return tuple(
            Skipped(what, count, tuple(self._examples[what]))
            for what, count in self._counts.items()
        )


def together(skipped: Iterable[Skipped]) -> tuple[Skipped, ...]:
    """Add up what was passed over in several places, kind by kind."""
    found: dict[str, Skipped] = {}
    for each in skipped:
        so_far = found.get(each.what, Skipped(each.what, 0, ()))
        examples = (*so_far.examples, *each.examples)[:FEW]
        found[each.what] = Skipped(each.what, so_far.count + each.count, examples)
    return tuple(found.values())


def save_skipped(path: Path, skipped: Iterable[Skipped]) -> None:
    """Write them to a file, as JSON."""
    path.write_text(json.dumps([asdict(each) for each in skipped]))


def load_skipped(path: Path) -> tuple[Skipped, ...]:
    """Read what `save_skipped` wrote."""
    return skipped_of(json.loads(path.read_text()))


def skipped_of(facts: Iterable[dict[str, Any]]) -> tuple[Skipped, ...]:
    """Make them again from what `asdict` gave for each."""
    return tuple(Skipped(f["what"], f["count"], tuple(f["examples"])) for f in facts)
