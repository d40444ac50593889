"""The file of answers to single labels: key, label and correct, as `curate refine` reads it."""

import json
from collections.abc import Mapping

import polars as pl

from curate.manifest.verified_pairs import CORRECT
from curate.verify.answers import TIME, Answers, Label

SCHEMA = pl.Schema(
    {
        "key": pl.String(), "label": pl.String(), CORRECT: pl.Boolean(), "time": TIME,
        "strategy": pl.String(), "by": pl.String(),
    }
)  # fmt: skip


def pair_name(key: str, label: str) -> str:
    """Name a label of an image, as no other is named."""
    return json.dumps([key, label])


class PairAnswers(Answers):
    """Answers by image and label: the label where it is right, None where it is not."""

    holds = "answers to single labels"

    @classmethod
    def schema(cls, lists: bool) -> pl.Schema:
        """Give the columns of the file."""
        del lists
        return SCHEMA

    @classmethod
    def by_name(cls, rows: pl.DataFrame) -> Mapping[str, Label]:
        """Return the answers, the latest last."""
        said = rows.select("key", "label", CORRECT).iter_rows()
        return {pair_name(key, label): label if correct else None for key, label, correct in said}

    def _row(self, name: str, label: Label, given: Label) -> tuple[object, ...]:
        del given
        key, asked = json.loads(name)
        return key, asked, label is not None
