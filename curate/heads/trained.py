"""The heads that are trained on a crawl, each kept in the run folder."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from curate.heads.cross_fit import CrossFitted
from curate.heads.fit import fit_members, inputs_of
from curate.heads.folds import Folds
from curate.heads.learned import VerifiedRows, gather, task_of
from curate.heads.saved import TrainedHead, load_head
from curate.heads.task import Task
from curate.heads.training import Examples
from curate.options.refine import RefineOptions
from curate.store.fingerprint import fingerprint
from curate.store.run import Run
from curate.store.step import Step
from curate.weighted.weighted import Weighted
from curate.weighted.work import Work

HEAD = "head"
HEADS = Step("heads", code=(__name__,))
"""One folder for a trained head and, while it is trained, one for each of its members."""


@dataclass(frozen=True)
class HeadTraining:
    """What heads are trained on: the rows of a crawl, and those that a person has verified."""

    options: RefineOptions
    weighted: Weighted
    work: Work
    verified: VerifiedRows
    folds: Folds
    copies: str | None
    """Names what `folds` knows of copies; None where no row is one."""
    run: Run
    console: Console

    @property
    def several(self) -> bool:
        """Whether the crawl has lists of labels."""
        return self.weighted.manifest.has_label_lists

    @cached_property
    def task(self) -> Task:
        """What every head is asked."""
        return task_of(self.verified, len(self.work.classes), self.several)

    @cached_property
    def examples(self) -> tuple[Examples, NDArray[np.bool_]]:
        """What heads learn from, in memory, and which rows the head of each fold takes."""
        return gather(self.work, self.verified, self.several, self.folds, self.options.seed)

    def head(self, kind: str) -> tuple[TrainedHead, Path]:
        """Train a head of that kind, or find it again; returns it and its folder."""
        store = HEADS.by_shard(self.run, self._facts(kind)).store
        if HEAD not in store:
            examples, learned = self.examples
            head = CrossFitted(kind, self.task, inputs_of(self.work, self.task, examples))
            fit_members(head, examples, learned, self.options, store, self.console)
            crawl = crawl_name(self.work)
            TrainedHead(head, self.verified.classes, self.work.encoder, crawl).save(store, HEAD)
            store.remove_others(HEAD)
        return load_head(store.root / HEAD), store.root / HEAD

    def _facts(self, kind: str) -> dict[str, object]:
        verified, options = self.verified, self.options
        facts = {
            "work": self.weighted.work_name, "head": kind, "task": vars(self.task),
            "classes": verified.classes, "rows": self.work.rows_digest,
            "verified": verified.rows.tolist(), "labels": verified.labels.tolist(),
            "asked": None if verified.asked is None else verified.asked.tolist(),
            "bag": options.bag, "epochs": options.epochs, "seed": options.seed,
        }  # fmt: skip
        return facts if self.copies is None else {**facts, "copies": self.copies}


def crawl_name(work: Work) -> str:
    """Tell the rows of one crawl from those of any other."""
    return fingerprint(shards=[shard.name for shard in work.shards])
