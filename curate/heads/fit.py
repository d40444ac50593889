"""The fit of a cross-fitted head to a crawl."""

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console

from curate.heads.cross_fit import CrossFitted
from curate.heads.inputs import Inputs
from curate.heads.saved import load_member, save_member
from curate.heads.task import Task
from curate.heads.training import Examples
from curate.options.refine import RefineOptions
from curate.store.folders import Folders
from curate.terminal.progress import progress_bar
from curate.training.device import computer
from curate.weighted.work import Work
from prototypes.fit.rounds import FOLDS


def inputs_of(work: Work, task: Task, examples: Examples) -> Inputs:
    """Give what a head sees of a row; a new class has the mean of its verified rows."""
    inputs = Inputs.of(work.blind_fit.space, work.blind_fit.prototypes, task.new)
    for new in range(task.new):
        of_class = (examples.true == task.classes + new).any(axis=1)
        g = inputs.adapted(torch.from_numpy(examples.features[of_class]))
        inputs.new_prototypes[new] = g.mean(dim=0)
    return inputs


def fit_members(
    head: CrossFitted, examples: Examples, learned: NDArray[np.bool_], options: RefineOptions,
    store: Folders, console: Console,
) -> None:  # fmt: skip
    """Fit each member to the rows that it may learn from (n, FOLDS).

    Members that an interrupted run has fitted are loaded.
    """
    here, epochs = computer(options.device), options.epochs
    total = FOLDS * head.member(0).runs * epochs
    with progress_bar(console, f"Training {head.name}", total) as advance:
        for fold in range(FOLDS):
            member = f"member-{fold}"
            if member in store:
                load_member(head.member(fold), store, member)
                advance(total // FOLDS)
            else:
                rows = learned[:, fold]
                head.fit_member(fold, examples, rows, here, epochs, options.seed, advance)
                save_member(head.member(fold), store, member)
