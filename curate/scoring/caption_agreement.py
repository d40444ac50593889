"""How well each row's caption agrees with the text of its label, kept by shards."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.crawl.crawl import Crawl
from curate.manifest.classes import NO_CLASS
from curate.manifest.plan import Shard
from curate.relations.captions import CaptionVectors
from curate.relations.class_texts import TextSource
from curate.store.folders import Folders
from curate.store.step import Made, Step
from prototypes.engine.blocks import tiles, unit_rows
from prototypes.engine.moments import ClassSums, add_up
from prototypes.engine.rivals import margin
from prototypes.score.evidence import margin_moments, z_scores

Rows = NDArray[np.float32]
AGREEMENT = Step("agreement", code=(__name__,))


@dataclass(frozen=True)
class Agreement:
    """Agreement of caption and label: a margin of cosines, in standard deviations of its class."""

    name: str
    """Changes when the numbers change."""
    margins: Folders
    labels: Folders
    moments: ClassSums

    def read(self, shard: Shard) -> Rows:
        """Return the agreement of a shard's rows (n,); NaN where there is none."""
        margins = self.margins.array(shard.name, "margins")
        return z_scores(margins, self.labels.array(shard.name, "labels"), self.moments)


def caption_agreement(
    crawl: Crawl, captions: CaptionVectors | None, text: TextSource
) -> Agreement | None:
    """Compare every caption with its class's name.

    The margin is the cosine of a caption to the name of the given class less that to the name of
    the best other class. It is measured from the mean of the class: where a crawl was found by
    searching captions for the class name, every caption agrees with its label. ``captions`` are
    None where they are not to be compared. Raises CurateError unless two classes have names.
    """
    if captions is None:
        return None
    labels, names = crawl.labels, text.embed_names()
    facts = {"captions": captions.store.root.name, "labels": labels.root.name, **text.names_facts}
    kept = AGREEMENT.by_shard(crawl.run, facts)

    def margins(shard: Shard) -> Made:
        vectors, which = captions.of_shard(shard)
        positions = labels.array(shard.name, "labels")
        return Made({"margins": _margins(vectors, which, positions, names)})

    store = kept.make(crawl.shards, margins)
    moments = add_up(
        margin_moments(
            store.array(shard.name, "margins"), labels.array(shard.name, "labels"), len(names)
        )
        for shard in crawl.shards
    )
    return Agreement(kept.name, store, labels, moments)


def _margins(
    vectors: Rows, which: NDArray[np.intp], labels: NDArray[np.int32], names: Rows
) -> Rows:
    """Return (n,) margins of rows whose caption is ``vectors[which]`` (u, E); NaN without one.

    A class without a name, NaN in ``names`` (C, E), agrees with no caption; its rows have NaN too.
    """
    named = np.asarray(np.isfinite(names).all(axis=1))
    written = np.isfinite(vectors[which]).all(axis=1)
    known = written & named[labels] & (labels != NO_CLASS)
    found = np.full(len(labels), np.nan, np.float32)
    near = unit_rows(np.nan_to_num(names))
    rows = np.flatnonzero(known)
    for part in tiles(len(rows)):
        at = rows[part]
        found[at] = margin(unit_rows(vectors[which[at]]), labels[at], near)
    return found
