"""The share of wrong labels that verified rows tell, with how these were drawn, in words."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from curate.manifest.how_drawn import ASSUMED, BEFORE, OTHER, RANDOM
from curate.terminal.printable import counted
from prototypes.score.verified_share import (
    BINS,
    CONFIDENCE,
    Counts,
    ShareEstimate,
    doubt_bins,
    prediction_powered,
)


@dataclass(frozen=True)
class VerifiedShare:
    """An estimated share of wrong labels, and the verified rows that it is made from."""

    estimate: ShareEstimate | None
    """None where no row was drawn at random."""
    assumed: bool
    """The table does not say how its rows were drawn, and they are taken for a random sample."""
    before: int
    """Rows verified before the random sample was drawn; they count for themselves alone."""
    other: int
    """Verified rows that were chosen in another way and do not count."""
    rows: int
    """All rows of the crawl; it is the share of those that are judged."""
    contradicted: int = 0
    """Of the random sample, rows that have a copy with another answer; each counts by its own."""

    def number(self) -> str:
        """Write the share."""
        return "not known" if self.estimate is None else f"{self.estimate.share:.1%}"

    def basis(self) -> str:
        """Write its interval, which verified rows count, and what is assumed of them."""
        if self.estimate is None:
            return (
                f"none of {counted(self.other, 'verified row')} was drawn at random (curate verify"
                " --strategy random)"
            )
        low, high, asked = self.estimate.low, self.estimate.high, self.estimate.asked
        taken = (
            f"{counted(asked, 'verified row')}, taken for a random sample, since the table does not"
            " say how rows were chosen"
            if self.assumed
            else f"{counted(asked, 'row')} verified at random"
        )
        said = [f"by {taken}: {self.estimate.wrong:,} wrong"]
        if self.contradicted:
            said.append(f"{self.contradicted:,} counted as answered, against the answer to a copy")
        if self.before:
            said.append(f"{self.before:,} verified before, counted for what they are")
        if self.other:
            said.append(f"{self.other:,} chosen in other ways, not counted")
        return f"{low:.1%} to {high:.1%} ({CONFIDENCE:.0%} interval), {'; '.join(said)}"

    def between(self, low: float, high: float) -> "VerifiedShare":
        """Keep the share and its interval between two shares that are surely not exceeded."""
        if self.estimate is None:
            return self
        share, bottom, top = (
            min(max(each, low), high)
            for each in (self.estimate.share, self.estimate.low, self.estimate.high)
        )
        return replace(self, estimate=replace(self.estimate, share=share, low=bottom, high=top))

    def as_json(self) -> dict[str, object]:
        """Give the fields by name, for JSON."""
        return asdict(self)


def read_share(facts: Mapping[str, Any] | None) -> VerifiedShare | None:
    """Read what `as_json` wrote."""
    if facts is None:
        return None
    estimate = facts["estimate"] and ShareEstimate(**facts["estimate"])
    return VerifiedShare(**{**facts, "estimate": estimate})


def verified_share(verified: pl.DataFrame, population: Counts, rows: int) -> VerifiedShare:
    """Estimate the share of wrong labels among all judged ones.

    ``verified`` has the judged rows that a person has verified: label_quality, wrong, drawn (see
    `how_drawn`) and, where copies are known, contradicted; ``population`` counts all judged ones
    (BINS,) by `doubt_bins`, of a crawl of so many ``rows``. Qualities must not depend on verified
    labels.
    """
    drawn = {word: verified.filter(drawn=word) for word in (RANDOM, ASSUMED, BEFORE, OTHER)}
    sample = pl.concat([drawn[RANDOM], drawn[ASSUMED]])
    before, estimate = drawn[BEFORE], None
    if len(sample):
        known = np.bincount(doubt_bins(before["label_quality"].to_numpy()), minlength=BINS)
        others = population - known
        wrong, quality = sample["wrong"].to_numpy(), sample["label_quality"].to_numpy()
        estimate = prediction_powered(wrong, quality, others)
        estimate = estimate.beside(int(before["wrong"].sum()), len(before), int(others.sum()))
    return VerifiedShare(
        estimate,
        assumed=len(drawn[ASSUMED]) > 0,
        before=len(before),
        other=len(drawn[OTHER]),
        rows=rows,
        contradicted=int(sample["contradicted"].sum()) if "contradicted" in sample.columns else 0,
    )
