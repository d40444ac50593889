"""How well each row's caption agrees with the text of its label, kept by shards."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.manifest.classes import NO_CLASS
from curate.manifest.plan import Shard
from curate.relations.captions import CaptionVectors
from curate.relations.class_texts import TextSource
from curate.store.code import code_of
from curate.store.fingerprint import fingerprint
from curate.store.folders import Folders
from curate.store.run import Run
from prototypes.engine.blocks import tiles, unit_rows
from prototypes.engine.moments import ClassSums, add_up
from prototypes.engine.rivals import margin
from prototypes.score.evidence import margin_moments, z_scores

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Agreement:
    """Agreement of caption and label: a margin of cosines, in standard deviations of its class."""

    name: str
    """Another name, other numbers."""
    margins: Folders
    labels: Folders
    moments: ClassSums

    def read(self, shard: Shard) -> Rows:
        """Return the agreement of a shard's rows (n,); NaN where there is none."""
        margins = self.margins.array(shard.name, "margins")
        return z_scores(margins, self.labels.array(shard.name, "labels"), self.moments)


def caption_agreement(
    shards: Sequence[Shard], captions: CaptionVectors, text: TextSource, labels: Folders, run: Run
) -> Agreement:
    """Compare every caption with its class's name.

    The margin is the cosine of a caption to the name of the given class less that to the name of
    the best other class. It is counted from the mean of the class, for a crawl whose captions
    hold the word that was searched for praises every image alike. Raises CurateError unless two
    classes have names.
    """
    names = text.embed_names()
    name = fingerprint(
        code=code_of(__name__),
        captions=captions.store.root.name,
        labels=labels.root.name,
        **text.names_facts,
    )
    store = run.step("agreement", name)
    for shard in shards:
        if shard.name not in store:
            vectors, which = captions.of_shard(shard)
            positions = labels.array(shard.name, "labels")
            store.write(shard.name, {"margins": _margins(vectors, which, positions, names)})
    moments = add_up(
        margin_moments(
            store.array(shard.name, "margins"), labels.array(shard.name, "labels"), len(names)
        )
        for shard in shards
    )
    return Agreement(name, store, labels, moments)


def _margins(
    vectors: Rows, which: NDArray[np.intp], labels: NDArray[np.int32], names: Rows
) -> Rows:
    """Return (n,) margins of rows whose caption is ``vectors[which]`` (u, E); NaN without one.

    A class without a name, NaN in ``names`` (C, E), is near no caption and has no agreement.
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
