"""The choice of `curate refine --head auto`, on rows that a benchmark lets it see."""

import numpy as np
import torch

from curate.heads.choose import candidates
from curate.heads.comparison import Comparison
from curate.heads.cross_fit import CrossFitted, Unjudged, clean, folds_of
from curate.heads.gains import HeldOut
from curate.heads.inputs import Inputs
from curate.heads.label_sets import settled
from curate.heads.task import Task
from curate.heads.training import Examples
from curate.options.refine import EPOCHS
from curate.training.device import computer
from prototypes.fit.rounds import FOLDS


def choose(task: Task, inputs: Inputs, examples: Examples, seed: int) -> str:
    """Return the head that cleans the verified ones of these rows best, as `auto` chooses it."""
    names = candidates(task.several, int(examples.verified.sum()), bags=False)
    if len(names) == 1:
        return names[0]
    heads = (CrossFitted(name, task, inputs) for name in names)
    held_out = {head.name: _held_out(head, examples, seed) for head in heads}
    return Comparison(task, held_out).chosen


def _held_out(head: CrossFitted, examples: Examples, seed: int) -> HeldOut:
    """Train a member for each fold; judge the verified rows, each by one that is new to it."""
    folds = folds_of(examples.features, None)
    for fold in range(FOLDS):
        learned = np.asarray(folds != fold)
        head.fit_member(fold, examples, learned, computer("cpu"), EPOCHS, seed, lambda _: None)
    known, at = examples.chosen(examples.verified), folds[examples.verified]
    given = head.task.as_outputs(head.task.given(torch.from_numpy(known.given))).numpy()
    p = head.each(Unjudged(known.features, known.given, at, own=True), clean)
    true = head.task.target(torch.from_numpy(known.true)).numpy()
    return HeldOut(given, settled(head.task, p, given)[0], true, at, given)
