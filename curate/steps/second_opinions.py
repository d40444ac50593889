"""What captions and class names say of labels beside the features, and what that is worth."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat

import numpy as np

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
class SecondOpinions:
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

    def beside(
        self, blocks: StoredBlocks, features: StoredBlocks, shard: Shard
    ) -> Iterator[OpinionSample]:
        """Give the blocks of a shard's g with what else is known of their rows.

        The agreement of their captions is NaN without one; ``features`` x are for the texts.
        """
        agreement = None if self.captions is None else self.captions.read(shard)
        xs = repeat(None) if self.texts is None else (x for x, _ in features.read(shard))
        start = 0
        for (g, labels), x in zip(blocks.read(shard), xs, strict=False):
            n = len(labels)
            said = np.full(n, np.nan, np.float32)
            if agreement is not None:
                said = agreement[start : start + n]
            floats = np.zeros((n, 0), np.float32)
            if x is not None:
                floats = features.features.as_floats(x)
            yield OpinionSample(blocks.features.as_floats(g), floats, labels, said)
            start += n


@dataclass(frozen=True)
class WeighedOpinions:
    """Second opinions, and what each was found to be worth."""

    name: str
    """Of scores with these opinions."""
    sources: SecondOpinions
    worth: Opinions


def opinions_name(prototypes_name: str, sources: SecondOpinions) -> str:
    """Name what the sources are worth beside these prototypes."""
    return fingerprint(prototypes=prototypes_name, sources=sources.names)


def unasked(name: str) -> WeighedOpinions:
    """Return that nothing more is said, for scores of that name."""
    return WeighedOpinions(name, SecondOpinions(), NO_OPINIONS)


def weigh_opinions(
    blocks: StoredBlocks,
    features: StoredBlocks,
    space: AdaptedSpace,
    prototypes: Prototypes,
    sources: SecondOpinions,
    run: Run,
    prototypes_name: str,
) -> WeighedOpinions:
    """Make or find what the sources are worth: one pass over blocks of g and of features x."""
    name = opinions_name(prototypes_name, sources)
    worth = kept(
        run.step("evidence"),
        name,
        Opinions,
        lambda: fit_opinions(
            _sample(blocks, features, space, sources), space, prototypes, sources.texts
        ),
    )
    return WeighedOpinions(name, sources, worth)


def _sample(
    blocks: StoredBlocks, features: StoredBlocks, space: AdaptedSpace, sources: SecondOpinions
) -> OpinionSample:
    classes = len(space.self_influence)
    stride = sample_stride(sum(shard.rows for shard in blocks.shards), classes)
    parts = []
    for shard in blocks.shards:
        parts += [
            sample_opinions(block, classes, stride)
            for block in sources.beside(blocks, features, shard)
        ]
        blocks.advance(shard.rows)
    return total(parts)
