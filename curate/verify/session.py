"""One sitting: the sample that is asked about now, the answers, and how fast they come."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from curate.verify.answers import Answers, Label
from curate.verify.asked_sample import Sample
from prototypes.score.verified_share import (
    Counts,
    ShareEstimate,
    clopper_pearson,
    prediction_powered,
)

RECENT = 20
"""The speed is measured on so many answers."""


@dataclass(frozen=True)
class Tally:
    """Counts of the answers to the samples of the queue."""

    kept: int
    changed: int
    none: int
    skipped: int

    @property
    def answered(self) -> int:
        """Samples that have an answer."""
        return self.kept + self.changed + self.none


class Session:
    """Asks about the samples of a queue in order, those skipped in earlier sittings last."""

    def __init__(
        self,
        samples: Sequence[Sample],
        answers: Answers,
        strategy: str,
        clock: Callable[[], float] = time.monotonic,
        *,
        recorded: str | None = None,
        population: Counts | None = None,
    ) -> None:
        """Begin; ``recorded`` is the strategy as it is written beside answers, if it says more.

        ``population`` counts what a random queue is drawn from, by `doubt_bins` of quality.
        """
        self.samples = samples
        self.strategy = strategy
        self._answers = answers
        self._recorded = recorded or strategy
        self._population = population
        self._clock = clock
        places = {sample.name: at for at, sample in enumerate(samples)}
        self._history = [places[name] for name in answers.names if name in places]
        open_ = [at for at, sample in enumerate(samples) if sample.name not in answers]
        open_.sort(key=lambda at: answers.is_skipped(samples[at].name))
        self._open = deque(open_)
        self._took: deque[float] = deque(maxlen=RECENT)
        self._since = clock()

    def begin(self) -> None:
        """Start the clock."""
        self._since = self._clock()

    @property
    def current(self) -> Sample | None:
        """The sample to ask about; None at the end."""
        return self.samples[self._open[0]] if self._open else None

    @property
    def left(self) -> int:
        """How many samples are left."""
        return len(self._open)

    def ahead(self, count: int) -> list[Sample]:
        """Return the current sample and those after it, at most ``count``."""
        return [self.samples[self._open[at]] for at in range(min(count, len(self._open)))]

    def answer(self, label: Label) -> None:
        """Save an answer to the current sample; it is on disk when this returns."""
        sample = self._current()
        self._answers.add(sample.name, label, _as_label(sample, label), self._recorded)
        self._advance()

    def skip(self) -> None:
        """Skip the current sample."""
        self._answers.skip(self._current().name)
        self._advance()

    def undo(self) -> bool:
        """Undo the last answer or skip, even one of an earlier sitting, and ask again.

        Returns whether there was one.
        """
        if not self._history:
            return False
        at = self._history[-1]
        self._answers.remove(self.samples[at].name)
        self._history.pop()
        self._open.appendleft(at)
        self.begin()
        return True

    def _current(self) -> Sample:
        assert self.current is not None
        return self.current

    def _advance(self) -> None:
        self._history.append(self._open.popleft())
        now = self._clock()
        self._took.append(now - self._since)
        self._since = now

    @property
    def seconds_each(self) -> float | None:
        """The median time of recent answers, so a pause does not count; None before the first."""
        return median(self._took) if self._took else None

    @property
    def tally(self) -> Tally:
        """Count the answers to the samples of the queue."""
        skipped = sum(self._answers.is_skipped(sample.name) for sample in self.samples)
        verdicts = [
            _verdict(sample, self._answers[sample.name])
            for sample in self.samples
            if sample.name in self._answers
        ]
        kept, changed = verdicts.count("kept"), verdicts.count("changed")
        return Tally(kept, changed, verdicts.count("none"), skipped)

    @property
    def noise_rate(self) -> ShareEstimate | None:
        """Estimate the share of wrong labels; None unless the queue is random and has answers.

        Only the samples before the first open one count. They are a random sample, whatever the
        strategy that they were answered under; later ones may have been chosen for another reason.
        Skipped samples are left out. With lists of labels it is the share of samples with any wrong
        label. Single labels of images are no random sample of labels.
        """
        if self.strategy != "random" or any(sample.alone for sample in self.samples):
            return None
        asked = list(self._drawn())
        if not asked:
            return None
        wrong = np.array([not _holds(sample, self._answers[sample.name]) for sample in asked])
        if self._population is None:
            return clopper_pearson(int(wrong.sum()), len(wrong))
        return prediction_powered(wrong, np.array([_quality(s) for s in asked]), self._population)

    def _drawn(self) -> Iterator[Sample]:
        """Give the answered samples before the first open one."""
        for sample in self.samples:
            if sample.name in self._answers:
                yield sample
            elif not self._answers.is_skipped(sample.name):
                return


def _as_label(sample: Sample, like: Label) -> Label:
    """Give the given labels in the form of an answer."""
    return list(sample.given) if isinstance(like, list) else sample.given[0]


def _verdict(sample: Sample, label: Label) -> str:
    if not label:
        return "none"
    said = {label} if isinstance(label, str) else set(label)
    return "kept" if said == set(sample.given) else "changed"


def _holds(sample: Sample, label: Label) -> bool:
    """Tell whether every given label is right."""
    said = {label} if isinstance(label, str) else set(label or ())
    return set(sample.given) <= said


def _quality(sample: Sample) -> float:
    """Give the lowest quality of a sample's labels."""
    return min(quality for quality in sample.qualities if quality is not None)
