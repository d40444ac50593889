"""Which of a run's folders led to its scores, for whoever looks at a sample later."""

from dataclasses import asdict, dataclass
from pathlib import Path

from curate.errors import CurateError
from curate.run import Run
from curate.store.folders import Folders

STEP, FOLDERS = "lineage", "folders"


@dataclass(frozen=True)
class Lineage:
    """Names of folders below the run's."""

    plan: str
    labels: str
    features: tuple[str, ...]
    space: str
    prototypes: str
    relations: str | None
    """None without a graph."""


def write_lineage(run: Run, scores: str, lineage: Lineage) -> None:
    """Write down what led to the scores of that name."""
    if scores not in run.step(STEP):
        run.step(STEP).write(scores, {FOLDERS: asdict(lineage)})


def read_lineage(run: Path, scores: str) -> Lineage | None:
    """Read what led to the scores of that name; None where nothing is known of them."""
    store = Folders(run / STEP)
    try:
        if not scores or scores not in store:
            return None
        found = store.settings(scores, FOLDERS)
        return Lineage(**{**found, "features": tuple(found["features"])})  # type: ignore[arg-type]
    except (CurateError, OSError, TypeError, KeyError):
        return None
