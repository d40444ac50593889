"""Scores of a label beside the classes that no copy of the picture has for a label."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.crawl.fit import Fit
from curate.crawl.stored_features import BLOCK_ROWS
from curate.duplicates.picture_labels import PictureLabels
from curate.manifest.plan import Shard
from curate.scoring.fit import Fits
from curate.scoring.score import KINDS
from curate.scoring.second_opinions import WeighedOpinions
from prototypes.score.opinions import score_opinions

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Apart:
    """What rows are judged by."""

    fits: Fits
    opinions: WeighedOpinions

    def scores(self, labels: PictureLabels, pairs: Rows, rows: Rows) -> pl.DataFrame:
        """Score ``pairs`` (n,) of labels, of which ``rows`` (n,), ascending, of the crawl speak.

        Returns label_quality, suggested, suggested_quality, issue_kind (n rows). A copy has added
        to the prototype of its own label, and this would speak against the labels of the others;
        so these are no rivals of one another. Verified rows are judged by the fit that does not
        know them.
        """
        parts = [_EMPTY]
        for shard in self.fits.fitted.of.crawl.shards:
            here = shard.among(rows)
            parts += self._of_shard(shard, rows[here] - shard.first_row, pairs[here], labels)
        return pl.concat(parts)

    def _of_shard(
        self, shard: Shard, rows: Rows, pairs: Rows, labels: PictureLabels
    ) -> Iterator[pl.DataFrame]:
        for start in range(0, len(rows), BLOCK_ROWS):
            part = slice(start, start + BLOCK_ROWS)
            yield self._of_rows(shard, rows[part], labels.sets(pairs[part]))

    def _of_rows(self, shard: Shard, rows: Rows, sets: NDArray[np.int32]) -> pl.DataFrame:
        fitted, blind = self.fits.fitted, self.fits.blind_fit
        if blind is None:
            return self._judged(shard, rows, sets, fitted.fit)
        verified = np.isin(rows, blind.rows(shard))
        one = self._judged(shard, rows, sets, fitted.fit)
        other = self._judged(shard, rows, sets, blind.fit)
        return pl.concat([one, other])[np.arange(len(rows)) + verified * len(rows)]

    def _judged(self, shard: Shard, rows: Rows, sets: NDArray[np.int32], fit: Fit) -> pl.DataFrame:
        fitted, sources = self.fits.fitted, self.opinions.sources
        g = fit.space.transform(fitted.adapted.features.rows(shard.name, rows))
        label = score_opinions(
            sources.of_rows(shard, rows, g, sets), fit.space, fit.prototypes, sources.texts,
            self.opinions.weights, np.zeros(len(rows), np.float32), fitted.of.tools.products,
        ).label  # fmt: skip
        return pl.DataFrame(
            {
                "label_quality": label.quality,
                "suggested": label.suggested,
                "suggested_quality": label.suggested_quality,
                "issue_kind": KINDS.gather(label.issue),
            },
            _EMPTY.schema,
        )


_EMPTY = pl.DataFrame(
    schema={
        "label_quality": pl.Float32,
        "suggested": pl.Int32,
        "suggested_quality": pl.Float32,
        "issue_kind": pl.String,
    }
)
