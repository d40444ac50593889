"""Answers to "is this label right on this image?": a table of key, label and correct.

One row an answer; nothing is known of the labels that no row of the image names (partial
verification: Veit et al. 2017 and Hu et al. 2019 on Open Images).
"""

from pathlib import Path

import polars as pl

from curate.errors import CurateError
from curate.terminal.printable import brief

CORRECT = "correct"
"""The column that makes a table of verified labels one of answers."""
ANSWERS = {"true": True, "false": False, "1": True, "0": False}


def read_correct(
    path: Path, table: pl.DataFrame, label: pl.Series, option: str = "--verified"
) -> pl.Series:
    """Return whether each label (n,) is right.

    Raises CurateError for an answer that is neither true nor false, and for one that does not name
    one label.
    """
    if label.dtype.is_nested():
        raise CurateError(
            f"{option} {path} has a column '{CORRECT}', and column '{brief(label.name)}' holds"
            " lists; name one label a row, or leave that column out."
        )
    nameless = (label.cast(pl.String).str.strip_chars().fill_null("") == "").arg_true()
    if len(nameless):
        raise CurateError(
            f"{option} {path}: row {nameless[0] + 1} has no label, and column '{CORRECT}' says"
            f" that of one; name the label, or leave the row out."
        )
    if table[CORRECT].dtype.is_nested():
        raise CurateError(f"{option} {path}: column '{CORRECT}' holds lists; write true or false.")
    words = table[CORRECT].cast(pl.String).str.strip_chars().str.to_lowercase()
    correct = words.replace_strict(ANSWERS, default=None, return_dtype=pl.Boolean)
    wrong = correct.is_null().arg_true()
    if len(wrong):
        word = brief(str(words[wrong[0]] or ""))
        raise CurateError(
            f"{option} {path}: column '{CORRECT}' has '{word}' in row {wrong[0] + 1}; write true"
            " or false, or leave the row out."
        )
    return correct


def by_image(answers: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Gather answers (key, labels of one each, correct) by key: right ``labels``, all ``asked``.

    Returns also the answers that contradict others, which are left out.
    """
    pair = ["key", "labels"]
    each = answers.unique(maintain_order=True)
    doubled = each.select(pair).is_duplicated()
    label = pl.col("labels").list.first()
    gathered = (
        each.filter(~doubled)
        .group_by("key", maintain_order=True)
        .agg(labels=label.filter(CORRECT).sort(), asked=label.sort())
    )
    return gathered, each.filter(doubled)
