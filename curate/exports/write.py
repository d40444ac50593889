"""Write the chosen rows in a format, and say what was written."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from curate.exports.check import Digest
from curate.exports.format import Format
from curate.exports.job import NO_PICTURE, Advance, Batch, Job
from curate.terminal.skipped import Passed, Skipped


@dataclass(frozen=True)
class Written:
    """What an output holds."""

    digest: Digest
    """Of all its rows."""
    parts: dict[str, int]
    """Rows of each part of the split."""
    skipped: tuple[Skipped, ...]
    """Rows without a picture that can be read."""


def write_batches(job: Job, format_: Format, path: Path, advance: Advance) -> Written:
    """Write all batches into a file, or an existing folder."""
    digest, parts, passed = Digest(), Counter[str](), Passed()
    with format_.write(job, path) as write:
        for batch in job.batches(advance):
            for key in batch.unreadable:
                passed.add(NO_PICTURE, key)
            if not len(batch.rows):
                continue
            write(batch)
            parts.update(_parts(batch))
            for row in format_.rows(job, batch):
                digest.add(row)
    return Written(digest, dict(parts), passed.skipped)


def _parts(batch: Batch) -> Iterator[str]:
    """Yield the part of each row; without a split all of them are train."""
    if "split" in batch.rows.columns:
        yield from batch.rows["split"]
    else:
        yield from ["train"] * len(batch.rows)
