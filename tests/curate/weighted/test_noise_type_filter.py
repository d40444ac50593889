"""Rows of a type of noise, against the same said plainly row by row."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from curate.errors import CurateError
from curate.exports.select_rows import select_rows
from curate.inspect.cards import noise_text
from curate.inspect.select_samples import Selection, select
from curate.options.export import SelectOptions
from curate.options.weighted import WeightedOptions
from curate.store.folders import Folders
from curate.weighted.columns import NOISE_NAMES
from curate.weighted.noise_type_filter import of_noise_type
from curate.weighted.open import open_weighted
from curate.weighted.weighted import Weighted

ROWS = 60
WORDS = ("free", "random", "confusing")
P = np.random.default_rng(0).dirichlet((1, 1, 1), ROWS).astype(np.float32)


def opened(folder: Path, ending: str = "parquet", prefix: str = "") -> Weighted:
    """Open a manifest with types of noise, the last row's unknown."""
    named = {
        prefix + name: [*map(float, column[:-1]), None]
        for name, column in zip(NOISE_NAMES, P.T, strict=True)
    }
    own = {
        "weight": [1.0] * ROWS,
        "label_quality": [row / ROWS for row in range(ROWS)],
        "status": ["ok"] * ROWS,
    }
    table = pl.DataFrame(
        {"key": [f"k{row}" for row in range(ROWS)], "label": ["a", "b"] * (ROWS // 2)}
        | {prefix + name: column for name, column in own.items()}
        | named
    )
    path = folder / f"w.{ending}"
    table.write_parquet(path) if ending == "parquet" else table.write_csv(path)
    options = WeightedOptions(path, prefix=prefix or None)
    return open_weighted(options, Folders(folder / "frozen"))


def wanted(asked: str) -> list[int]:
    likeliest = [WORDS[p.argmax()] for p in P[:-1]]
    if asked == "not-random":
        return [row for row, word in enumerate(likeliest) if word != "random"]
    return [row for row, word in enumerate(likeliest) if word == asked]


@pytest.mark.parametrize("asked", [*WORDS, "not-random"])
@pytest.mark.parametrize(("ending", "prefix"), [("parquet", ""), ("csv", ""), ("parquet", "my_")])
def test_rows_of_a_type_are_those_of_which_it_is_the_likeliest(
    tmp_path: Path, asked: str, ending: str, prefix: str
) -> None:
    weighted = opened(tmp_path, ending, prefix)
    found = weighted.scan().filter(of_noise_type(weighted, asked)).collect()
    assert found["row"].to_list() == wanted(asked)
    exported = select_rows(weighted, SelectOptions(noise_type=asked)).collect()
    assert exported["row"].to_list() == wanted(asked)
    shown = select(weighted, Selection(noise_type=asked, limit=ROWS))
    assert sorted(shown.samples["row"]) == wanted(asked)


def test_sorted_by_noise_what_is_least_likely_free_of_it_comes_first(tmp_path: Path) -> None:
    shown = select(opened(tmp_path), Selection(sort="noise", limit=ROWS)).samples
    assert shown["row"].to_list() == np.argsort(P[:-1, 0], kind="stable").tolist()
    both = Selection(noise_type="confusing", sort="noise", limit=1)
    (first,) = select(opened(tmp_path), both).samples["row"]
    assert first == min(wanted("confusing"), key=lambda row: P[row, 0])


def test_where_no_head_has_told_types_one_sentence_says_so(tmp_path: Path) -> None:
    weighted = opened(tmp_path)
    for name in NOISE_NAMES:
        (tmp_path / "bare").mkdir(exist_ok=True)
        path = tmp_path / "bare" / f"{name}.parquet"
        pl.read_parquet(weighted.path).drop(name).write_parquet(path)
        bare = open_weighted(WeightedOptions(path), Folders(tmp_path / "bare"))
        for refused in (
            lambda w: select(w, Selection(noise_type="free")),
            lambda w: select(w, Selection(sort="noise")),
            lambda w: select_rows(w, SelectOptions(noise_type="not-random")),
        ):
            with pytest.raises(CurateError, match=f"no column '{name}'; run `curate refine --head"):
                refused(bare)


def test_a_card_says_the_likeliest_type_and_what_to_do() -> None:
    def said(*p: float | None) -> str:
        return noise_text(dict(zip(NOISE_NAMES, p, strict=True)))

    assert said(0.1, 0.2, 0.7) == "confusing 0.700: relabel"
    assert said(0.1, 0.8, 0.1) == "random 0.800: drop"
    assert said(0.8, 0.1, 0.1) == "free 0.800"
    assert said(None, None, None) == ""
