"""Second opinions on labels, from captions and class names, and the weights of these."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from curate.crawl.stored_blocks import Labels, StoredBlocks
from curate.crawl.stored_features import BLOCK_ROWS, StoredFeatures
from curate.manifest.plan import Shard
from curate.scoring.caption_agreement import Agreement
from curate.scoring.fit import Fits
from curate.scoring.zero_shot import ZeroShot
from curate.store.run import Advance
from curate.store.step import Made, Step, state_made
from prototypes.engine.blocks import total
from prototypes.fit.sample import sample_stride
from prototypes.fit.space import AdaptedSpace
from prototypes.score.evidence import ClassTexts
from prototypes.score.opinions import (
    NO_OPINIONS,
    Opinions,
    OpinionSample,
    fit_opinions,
    sample_opinions,
)


@dataclass(frozen=True)
class SecondOpinions:
    """The sources of second opinions; None where the user did not ask for one."""

    captions: Agreement | None = None
    zero_shot: ZeroShot | None = None
    features: StoredFeatures | None = None
    """The features with which the class texts are compared."""

    @property
    def names(self) -> list[str]:
        """Names of the sources, which change with their numbers; empty where none was asked for."""
        return [source.name for source in (self.captions, self.zero_shot) if source is not None]

    @property
    def texts(self) -> ClassTexts | None:
        """The embeddings of the classes' names, in the space of the images."""
        return None if self.zero_shot is None else self.zero_shot.texts

    def beside(self, blocks: StoredBlocks, shard: Shard) -> Iterator[OpinionSample]:
        """Give the blocks of a shard's g with the second opinions on their rows.

        The agreement of a caption is NaN for a row without one.
        """
        agreement = None if self.captions is None else self.captions.read(shard)
        start = 0
        for (g, labels), x in zip(blocks.read(shard), self._images(blocks, shard), strict=False):
            n = len(labels)
            said = np.full(n, np.nan, np.float32)
            if agreement is not None:
                said = agreement[start : start + n]
            yield OpinionSample(blocks.features.as_floats(g), x[:n], labels, said)
            start += n

    def of_rows(
        self, shard: Shard, rows: NDArray[np.int64], g: NDArray[np.float32], labels: Labels
    ) -> OpinionSample:
        """Give the same for some rows (m,) of a shard, with these g (m, d) and labels (m,)."""
        said = np.full(len(rows), np.nan, np.float32)
        if self.captions is not None:
            said = self.captions.read(shard)[rows]
        images = np.zeros((len(rows), 0), np.float32)
        if self.texts is not None and self.features is not None:
            images = self.features.as_floats(self.features.rows(shard.name, rows))
        return OpinionSample(g, images, labels, said)

    def _images(self, blocks: StoredBlocks, shard: Shard) -> Iterable[NDArray[np.float32]]:
        """Give the shard's features x in the same blocks; (n, 0) where there are no class texts."""
        if self.texts is None or self.features is None:
            return repeat(np.zeros((BLOCK_ROWS, 0), np.float32))
        images = replace(blocks, features=self.features).read(shard)
        return (self.features.as_floats(x) for x, _ in images)


@dataclass(frozen=True)
class WeighedOpinions:
    """Second opinions, and the weight of each."""

    name: str
    """Changes with the weights; '' where there are no second opinions."""
    sources: SecondOpinions
    weights: Opinions


EVIDENCE = Step("evidence", code=(__name__,), title="Weighing opinions")


def weigh_opinions(fits: Fits, sources: SecondOpinions) -> WeighedOpinions:
    """Fit the weights of the sources, or load them: one pass over blocks of g.

    Rows whose verified label helped to make the prototypes have no label in that pass; of copies
    one has it.
    """
    if not sources.names:
        return WeighedOpinions("", SecondOpinions(), NO_OPINIONS)
    fitted = fits.fitted

    def make(advance: Advance) -> Made:
        blocks, fit = fitted.blocks(fitted.of.votes.crowd, advance), fitted.fit
        sample = _sample(blocks, fit.space, sources)
        return state_made(fit_opinions(sample, fit.space, fit.prototypes, sources.texts))

    facts = {**fits.facts, "sources": sources.names}
    crawl = fitted.of.crawl
    kept = EVIDENCE.once(crawl.run, facts, make, crawl.rows, first=fitted.adapt)
    return WeighedOpinions(kept.name, sources, kept.state(Opinions))


def _sample(blocks: StoredBlocks, space: AdaptedSpace, sources: SecondOpinions) -> OpinionSample:
    classes = len(space.self_influence)
    stride = sample_stride(sum(shard.rows for shard in blocks.shards), classes)
    parts = []
    for shard in blocks.shards:
        parts += [
            sample_opinions(block, classes, stride) for block in sources.beside(blocks, shard)
        ]
        blocks.advance(shard.rows)
    return total(parts)
