"""The methods that are compared, a module each, with a function ``judge(task) -> Judgement``.

A method sees a `Task`: features, given labels, names of classes. It never sees the truth.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

METHODS = (
    "curate", "cleanlab", "knn", "curriculumnet", "deep_knn", "simifeat_vote", "simifeat_rank",
)  # fmt: skip


@dataclass(frozen=True)
class Task:
    """A folder with crawl.parquet (columns key, label) and img_emb/0.npy (N, D)."""

    folder: Path
    graph: str

    @property
    def manifest(self) -> Path:
        """The crawl without its images."""
        return self.folder / "crawl.parquet"

    @property
    def embeddings(self) -> Path:
        """The features' file."""
        return self.folder / "img_emb" / "0.npy"

    @property
    def features(self) -> NDArray[np.float16]:
        """(N, D), mapped."""
        array: NDArray[np.float16] = np.load(self.embeddings, mmap_mode="r")
        return array

    @property
    def labels(self) -> NDArray[np.int64]:
        """(N,): positions in the sorted distinct labels."""
        given = pl.read_parquet(self.manifest)["label"].to_numpy()
        return np.unique(given, return_inverse=True)[1]


def make_task(folder: Path, features: NDArray[np.float16], given: list[str], graph: str) -> Task:
    """Write features (N, D) and given labels (N,) as a method is shown them."""
    task = Task(folder, graph)
    task.embeddings.parent.mkdir(parents=True)
    np.save(task.embeddings, features)
    keys = [str(row) for row in range(len(given))]
    pl.DataFrame({"key": keys, "label": given}).write_parquet(task.manifest)
    return task


@dataclass(frozen=True)
class Judgement:
    """What a method says of N rows."""

    scores: dict[str, NDArray[np.float64]]
    """By name (N,); low is suspicious."""
    flag: NDArray[np.bool_]
    """(N,): the method takes the label for wrong."""
    noise: float
    """Its estimate of the share of wrong labels."""
