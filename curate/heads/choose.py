"""Choose the head of `--head auto` by what the candidates make of verified rows."""

from curate.encoders.device import torch_device
from curate.heads.apply import HeadOnRun
from curate.heads.comparison import Comparison
from curate.heads.spec import check_head
from curate.heads.trained import HeadTraining
from curate.options.heads import AUTO
from curate.terminal.notices import say

ONE_LABEL, LISTS = ("stack", "nmn", "xiao"), ("stack", "nmn")
"""Candidates; stack comes first, which is right most often on the crawls of docs/evidence.md.

Of the heads left out none that was measured there, with 30 to 5,000 verified rows, was the best.
"""
LEAST_COMPARED = 100
"""Verified rows. With 100 of CIFAR-10N, drawn 1,000 times, the head that is the best of four on all
rows had the greatest share 769 times."""


def choose_head(training: HeadTraining) -> tuple[str, Comparison | None]:
    """Return the head that the user names, or else the best; how they compare, where they do.

    Every candidate is trained, and kept, as if it had been named. Raises CurateError for a head
    that cannot do what is asked.
    """
    name, verified, bags = training.options.head, len(training.verified.rows), training.folds.bag
    if name == AUTO:
        names = candidates(training.several, verified, bags is not None)
        if len(names) > 1:
            say(training.console, _several(names))
            compared = compare(training, names)
            return compared.chosen, compared
        name = names[0]
        if 0 < verified < LEAST_COMPARED and bags is None:
            say(training.console, _too_few(verified, name))
    check_head(name, training.several, verified > 0, bags is not None)
    return name, None


def candidates(several: bool, verified: int, bags: bool) -> tuple[str, ...]:
    """Name the heads to compare: one of them only where there is little or no choice."""
    if bags or not verified:
        return ("nmn",)
    names = LISTS if several else ONE_LABEL
    return names if verified >= LEAST_COMPARED else names[:1]


def compare(training: HeadTraining, names: tuple[str, ...]) -> Comparison:
    """Train each of these heads, and judge each on the verified rows that it has not seen."""
    held_out = {}
    for name in names:
        head = training.head(name)[0].head.to(torch_device(training.options.device))
        judge = HeadOnRun(head, training.work, training.verified, True, training.folds)
        held_out[name] = judge.judge_verified()
    return Comparison(training.task, held_out)


def _several(names: tuple[str, ...]) -> str:
    return (
        f"--head auto trains {len(names)} heads, {', '.join(names)}, and takes the best; --head"
        f" {names[0]} trains that one alone."
    )


def _too_few(verified: int, name: str) -> str:
    return (
        f"--head auto: {verified:,} verified rows are too few to choose a head by (at least"
        f" {LEAST_COMPARED}), so it is {name}, which was best where we measured."
    )
