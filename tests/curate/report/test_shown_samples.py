"""Which rows are shown, against a plain reading of the whole table."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from curate.options.weighted import WeightedOptions
from curate.report import shown_samples
from curate.report.shown_samples import Samples, choose_samples
from curate.store.folders import Folders
from curate.weighted.open import open_weighted

ROWS, CLASSES = 400, 7


def table(seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    quality = rng.integers(0, 40, ROWS) / 40
    return pl.DataFrame(
        {
            "label": [f"c{label}" for label in rng.integers(0, CLASSES, ROWS)],
            "label_quality": pl.Series(np.where(quality < 0.02, np.nan, quality)).fill_nan(None),
            "is_label_issue": rng.random(ROWS) < 0.4,
            "weight": rng.random(ROWS),
        }
    )


def chosen(rows: pl.DataFrame, folder: Path, labels: list[str], limit: int) -> Samples:
    rows.write_parquet(folder / "w.parquet")
    return choose_samples(
        open_weighted(WeightedOptions(folder / "w.parquet"), Folders(folder / "frozen")),
        labels,
        limit,
    )


@pytest.mark.parametrize("seed", range(4))
def test_the_worst_and_the_best_of_each_class(tmp_path: Path, seed: int) -> None:
    rows, labels = table(seed), [f"c{label}" for label in range(CLASSES)]
    found = chosen(rows, tmp_path, labels, limit=9)
    judged = [
        (quality, row, label, flagged)
        for row, (label, quality, flagged, _) in enumerate(rows.iter_rows())
        if quality is not None
    ]
    for label in labels:
        own = sorted(one for one in judged if one[2] == label)
        worst = [row for _, row, *_ in own[:9]]
        best = [row for _, row, _, flagged in reversed(own) if not flagged][:3]
        assert found.suspects[label] == worst
        assert found.good[label] == [row for row in best if row not in worst]
    shown = {row for of in (found.suspects, found.good) for rows in of.values() for row in rows}
    assert found.rows["row"].to_list() == sorted(shown)
    assert found.rows["weight"].to_list() == rows["weight"].gather(sorted(shown)).to_list()


def test_many_classes_have_fewer_each_and_in_the_end_only_the_first_have_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, labels = table(0), [f"c{label}" for label in range(CLASSES)]
    monkeypatch.setattr(shown_samples, "MOST_SAMPLES", 7 * CLASSES)
    found = chosen(rows, tmp_path, labels, limit=9)
    assert {len(rows) for rows in found.suspects.values()} == {5}
    monkeypatch.setattr(shown_samples, "MOST_SAMPLES", 15)
    found = chosen(rows, tmp_path, labels, limit=9)
    assert set(found.suspects) == set(labels[:2])
    assert {len(rows) for rows in found.suspects.values()} == {4}


def test_a_label_without_judged_rows_has_none(tmp_path: Path) -> None:
    rows = table(0).with_columns(
        label_quality=pl.when(pl.col("label") != "c1").then("label_quality")
    )
    found = chosen(rows, tmp_path, ["c0", "c1"], limit=2)
    assert set(found.suspects) == {"c0"}
