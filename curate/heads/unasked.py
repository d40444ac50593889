"""Labels of verified rows that nobody was asked about: what a head learns of them.

People are asked about labels that are given or suggested, and more of these are right than of the
others. A loss that sees the answers alone takes every label for as likely as those: of 1,000 rows
of our mosaics with four answers each, fine-tuning made labels of which .159 are right, for .329 as
given. So a head learns the answers, and of the other labels an estimate. Not from a paper.
"""

from dataclasses import replace

import torch
from torch import Tensor

from curate.heads.tied import Tied, sinet
from curate.heads.training import Learner


def estimating(learner: Learner) -> Learner:
    """Return a learner whose verified rows have no NaN, where a person was asked about some labels.

    The estimate is `Tied` on SINet's probabilities, fitted to the answers and, as much as to one
    answer a row, to SINet's probabilities themselves, for labels like those that nobody asks about.
    """
    if learner.examples.asked is None:
        return learner
    task, verified = learner.task, learner.verified
    evidence = sinet(task, verified.x)
    guess = task.as_outputs(evidence[:, 0, : task.classes].exp())
    tied = Tied(task, 1).to(verified.x.device)
    guess = guess.masked_fill(~verified.true.isnan(), torch.nan)
    tied.fit(evidence, verified.given, verified.true, guess)

    @torch.no_grad()
    def estimate(x: Tensor, given: Tensor) -> Tensor:
        return task.probabilities(tied(sinet(task, x), given))

    return replace(learner, unasked=estimate)
