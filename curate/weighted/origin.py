"""Where an output comes from and what made it, as the output itself records.

A Parquet file has it in its metadata; a CSV or JSON lines file in a small file beside it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curate.options.columns import ColumnOptions
from curate.store.atomic import appearing_file
from curate.store.fingerprint import sha256_of
from curate.store.mirror import bring, look
from curate.store.urls import path_at, path_from
from curate.terminal.skipped import Skipped, skipped_of
from curate.weighted.provenance import Making
from curate.weighted.verified_share import VerifiedShare, read_share

KEY = b"curate"
PARQUET = (".parquet", ".pq")
PATHS = ("manifest", "run", "root")


@dataclass(frozen=True)
class Origin:
    """The manifest that was weighed, the run that weighed it, and what its columns are."""

    manifest: Path
    run: Path
    root: Path
    """Image paths are relative to it."""
    columns: ColumnOptions = field(default_factory=ColumnOptions)
    prefix: str = ""
    work: str | None = None
    """The name of the run's `curate.weighted.work`."""
    made: tuple[Making, ...] = ()
    """The commands that made it, first to last; empty where the file does not say."""
    skipped: tuple[Skipped, ...] = ()
    """Parts of the user's files that are in no row."""
    verified: VerifiedShare | None = None
    """The share of wrong labels that verified rows tell; None where none were named."""
    range_of_wrong: tuple[float, float] | None = None
    """The range of the share of wrong labels that the crawl alone tells; None if not recorded."""

    def facts(self, out: Path) -> dict[str, object]:
        """Give what ``out`` records about itself; paths are relative to its folder."""
        home = out.absolute().parent
        return {name: path_from(home, getattr(self, name)) for name in PATHS} | {
            "columns": asdict(self.columns),
            "prefix": self.prefix,
            "work": self.work,
            "made": [each.as_json() for each in self.made],
            "skipped": [asdict(each) for each in self.skipped],
            "verified": self.verified and self.verified.as_json(),
            "range_of_wrong": self.range_of_wrong,
        }

    def metadata(self, out: Path) -> dict[bytes, bytes]:
        """Give the metadata of the Parquet file ``out``."""
        return {KEY: json.dumps(self.facts(out), default=str).encode()}

    def save_sidecar(self, out: Path, written: Path) -> None:
        """Write the small file beside ``out``, before ``written`` is renamed to ``out``."""
        save_sidecar(self.facts(out), out, written)


def sidecar(out: Path) -> Path:
    """Name the small file that says where a CSV or JSON lines file comes from."""
    return out.with_name(f"{out.name}.curate.json")


def save_sidecar(facts: Mapping[str, object], out: Path, written: Path) -> None:
    """Write facts beside ``out``, before ``written`` is renamed to ``out``.

    The file holds the hash of ``written``; beside a file with another hash it is ignored.
    """
    text = json.dumps({**facts, "sha256": sha256_of(written)}, indent=1, default=str)
    with appearing_file(sidecar(out)) as unfinished:
        unfinished.write_text(text)


def read_origin(path: Path) -> Origin | None:
    """Read what an output records about itself; None where it records nothing."""
    try:
        return _origin(path, _facts(path))
    except (OSError, pa.ArrowInvalid, AttributeError, KeyError, TypeError, ValueError):
        return None


def _facts(path: Path) -> dict[str, Any]:
    if path.suffix.lower() in PARQUET:
        facts: dict[str, Any] = json.loads((pq.read_schema(bring(path)).metadata or {})[KEY])
        return facts
    facts = json.loads(bring(look(sidecar(path))).read_text())
    if facts["sha256"] != sha256_of(path):
        raise ValueError
    return facts


def _origin(path: Path, facts: dict[str, Any]) -> Origin:
    home, texts = path.absolute().parent, [facts["prefix"], facts["work"] or ""]
    if not all(
        isinstance(text, str) for text in (*texts, *filter(None, facts["columns"].values()))
    ):
        raise TypeError
    return Origin(
        **{name: path_at(home, facts[name]) for name in PATHS},
        columns=ColumnOptions(**facts["columns"]),
        prefix=facts["prefix"],
        work=facts["work"],
        made=tuple(Making(**each) for each in facts.get("made", ())),
        skipped=skipped_of(facts.get("skipped", ())),
        verified=read_share(facts.get("verified")),
        range_of_wrong=_range(facts.get("range_of_wrong")),
    )


def _range(found: Any) -> tuple[float, float] | None:
    if found is None:
        return None
    low, high = map(float, found)
    return low, high
