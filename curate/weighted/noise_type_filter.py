"""Rows of one type of noise, by the columns that `curate refine --head xiao` adds."""

import polars as pl

from curate.errors import CurateError
from curate.weighted.columns import NOISE_NAMES
from curate.weighted.weighted import Weighted

ADVICE = {"noise_random": "drop", "noise_confusing": "relabel"}
"""What to do with rows of a type."""
NOT = "not-"
"""Before the name of a type: all rows of the other types."""


def of_noise_type(weighted: Weighted, asked: str) -> pl.Expr:
    """Tell the rows whose likeliest type of noise is as ``--noise-type`` asks.

    On equality the first of NOISE_NAMES counts. False for a row whose type is unknown: it has no
    label or no features. Raises CurateError where the manifest has no types.
    """
    require_noise_types(weighted, f"--noise-type {asked}")
    probabilities = pl.concat_list(NOISE_NAMES)
    likeliest = probabilities.list.arg_max()
    at = NOISE_NAMES.index(f"noise_{asked.removeprefix(NOT)}")
    is_it = likeliest != at if asked.startswith(NOT) else likeliest == at
    return (is_it & pl.all_horizontal(pl.col(NOISE_NAMES).is_not_null())).fill_null(False)


def require_noise_types(weighted: Weighted, option: str) -> None:
    """Raise CurateError for an option that needs NOISE_NAMES where one of them is missing."""
    for name in NOISE_NAMES:
        if name not in weighted.names:
            raise CurateError(
                f"{option}: {weighted.path} has no column '{weighted.prefix}{name}'; run `curate"
                " refine --head xiao` first, and give the file that it writes."
            )
