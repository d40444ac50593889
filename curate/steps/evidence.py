"""What is said of labels beside the features, and what that is worth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.manifest.plan import Shard
from curate.run import Run
from curate.steps.agreement import Agreement
from curate.steps.blocks import StoredBlocks
from curate.steps.state import kept
from curate.steps.zero_shot import ZeroShot
from curate.store.fingerprint import fingerprint
from prototypes.blocks import total
from prototypes.evidence import ClassTexts
from prototypes.method import Prototypes
from prototypes.opinions import NO_OPINIONS, Opinions, OpinionSample, fit_opinions, sample_opinions
from prototypes.space import AdaptedSpace
from prototypes.temperature import sample_stride


@dataclass(frozen=True)
class Sources:
    """Where more is said of labels; None where the user did not ask for it."""

    captions: Agreement | None = None
    zero_shot: ZeroShot | None = None

    @property
    def names(self) -> list[str]:
        """Other names, other numbers; none: nothing is said."""
        return [source.name for source in (self.captions, self.zero_shot) if source is not None]

    @property
    def texts(self) -> ClassTexts | None:
        """The classes' names where the images are."""
        return None if self.zero_shot is None else self.zero_shot.texts

    def agreement(self, shard: Shard) -> NDArray[np.float32]:
        """Return the agreement of a shard's captions (n,); NaN where there is none."""
        if self.captions is None:
            return np.full(shard.rows, np.nan, np.float32)
        return self.captions.read(shard)


@dataclass(frozen=True)
class Evidence:
    """The sources, and what each was found to be worth."""

    name: str
    """Of scores with this evidence."""
    sources: Sources
    opinions: Opinions


def no_evidence(name: str) -> Evidence:
    """Return that nothing more is said, for scores of that name."""
    return Evidence(name, Sources(), NO_OPINIONS)


def weigh_evidence(
    blocks: StoredBlocks,
    space: AdaptedSpace,
    prototypes: Prototypes,
    graph: NDArray[np.float32] | None,
    sources: Sources,
    run: Run,
    prototypes_name: str,
) -> Evidence:
    """Make or find what the sources are worth: one pass over blocks of features."""
    name = fingerprint(prototypes=prototypes_name, sources=sources.names)
    opinions = kept(
        run.step("evidence"),
        name,
        Opinions,
        lambda: fit_opinions(
            _sample(blocks, space, sources), space, prototypes, sources.texts, graph
        ),
    )
    return Evidence(name, sources, opinions)


def _sample(blocks: StoredBlocks, space: AdaptedSpace, sources: Sources) -> OpinionSample:
    classes = len(space.self_influence)
    stride = sample_stride(sum(shard.rows for shard in blocks.shards), classes)
    parts = []
    for shard in blocks.shards:
        agreement, start = sources.agreement(shard), 0
        for features, labels in blocks.read(shard):
            said = agreement[start : start + len(labels)]
            parts.append(sample_opinions(np.asarray(features), labels, said, classes, stride))
            start += len(labels)
        blocks.advance(shard.rows)
    return total(parts)
