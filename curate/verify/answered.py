"""What a verified file answers already, of any form in which curate reads one."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from curate.errors import CurateError
from curate.manifest.label_studio import read_answers
from curate.manifest.verified_pairs import CORRECT
from curate.terminal.printable import listed
from curate.verify.asked_sample import Sample


@dataclass(frozen=True)
class Answered:
    """The images whose label is known, and single labels of images of which it is known."""

    keys: frozenset[str] = frozenset()
    pairs: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def read(cls, path: Path, key: str | None) -> "Answered":
        """Read a file of answers; nothing is answered where there is none.

        ``key`` is the crawl's name for its column of keys. Raises CurateError for a table without
        keys, and for anything else that is no table.
        """
        if not path.exists():
            return cls()
        table, _ = read_answers(path, "--out", "key, label")
        name = next((name for name in (key, "key") if name in table.columns), None)
        if name is None:
            raise CurateError(
                f"--out {path} has columns {listed(table.columns)} and no key, so nothing tells"
                " what it answers; name another file."
            )
        keys = table[name].cast(pl.String)
        if CORRECT not in table.columns:
            return cls(frozenset(keys.drop_nulls()))
        labels = table["label"].cast(pl.String)
        return cls(pairs=frozenset(zip(keys, labels, strict=True)))

    def __contains__(self, sample: Sample) -> bool:
        """Tell whether a question needs no more asking."""
        whole = sample.key in self.keys
        return whole or (sample.alone and (sample.key, sample.given[0]) in self.pairs)
