"""Write the chosen rows, and read them back, from the first to the last."""

from dataclasses import dataclass
from pathlib import Path

from curate.exports.check import Digest
from curate.exports.format import Format, InOrder
from curate.exports.job import Advance, Job
from curate.exports.written import Tally, Written


@dataclass(frozen=True)
class WriteInOrder:
    """An export into a file, or an existing folder, by this process."""

    job: Job
    format_: Format
    output: InOrder
    path: Path

    def write(self, advance: Advance) -> Written:
        """Write all batches."""
        tally = Tally(self.job, self.format_)
        with self.output.write(self.job, self.path) as write:
            for batch in self.job.batches(advance):
                if len(batch.rows):
                    write(batch)
                tally.add(batch)
        return tally.written()

    def read(self, advance: Advance) -> tuple[str, Digest]:
        """Read all rows; give the library that read them, and their digest."""
        library, rows = self.output.read(self.job, self.path)
        found = Digest()
        for row in rows:
            found.add(row)
            advance(1)
        return library, found
