"""What an output holds, counted as it is written."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from curate.exports.check import Digest
from curate.exports.format import Format
from curate.exports.job import NO_PICTURE, Batch, Job
from curate.exports.pieces import WHOLE
from curate.terminal.skipped import Passed, Skipped, together


@dataclass(frozen=True)
class Written:
    """What an output holds, or a piece of it."""

    digest: Digest
    """Of all its rows."""
    parts: dict[str, int]
    """Rows of each part of the split."""
    skipped: tuple[Skipped, ...]
    """Rows without a picture that can be read."""


class Tally:
    """Takes batches into account as they are written."""

    def __init__(self, job: Job, format_: Format) -> None:
        self._job, self._format = job, format_
        self._digest, self._parts, self._passed = Digest(), Counter[str](), Passed()

    def add(self, batch: Batch) -> None:
        """Count the rows of a batch, and those that were left out."""
        for key in batch.unreadable["key"]:
            self._passed.add(NO_PICTURE, key)
        self._parts.update(_parts(batch))
        for row in self._format.rows(self._job, batch):
            self._digest.add(row)

    def written(self) -> Written:
        """Say what was added so far."""
        return Written(self._digest, dict(self._parts), self._passed.skipped)


def _parts(batch: Batch) -> Iterator[str]:
    """Yield the part of each row; without a split all of them are train."""
    if "split" in batch.rows.columns:
        yield from batch.rows["split"]
    else:
        yield from [WHOLE] * len(batch.rows)


def added_up(pieces: Iterable[Written]) -> Written:
    """Add up what pieces hold."""
    digest, parts = Digest(), Counter[str]()
    skipped: list[Skipped] = []
    for piece in pieces:
        digest.include(piece.digest)
        parts.update(piece.parts)
        skipped += piece.skipped
    return Written(digest, dict(parts), together(skipped))
