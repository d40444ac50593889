"""What lies around a sample, held against a plain computation on the same features."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

from curate.inspect.sample import NEAREST, find_sample
from curate.weighted.weighted import Weighted
from prototypes.fit.space import AdaptedSpace

from .conftest import GIVEN, NAMES, NO_FEATURES, NO_LABEL, TRUE, opened


def adapted(weighted: Weighted, folder: Path) -> tuple[np.ndarray, np.ndarray, AdaptedSpace]:
    work = weighted.work()
    features = np.nan_to_num(np.load(folder / "features.npy"))
    v = work.fit.prototypes.v
    unit = v / np.linalg.norm(v, axis=1, keepdims=True)
    return work.fit.space.transform(features.astype(np.float16)), unit, work.fit.space


def test_neighbours_are_the_nearest_of_its_class_and_not_itself(
    weighted: Weighted, folder: Path
) -> None:
    g, _, _ = adapted(weighted, folder)
    row = 14
    others = [
        r for r in range(len(g)) if GIVEN[r] == GIVEN[row] and r not in (row, NO_FEATURES, NO_LABEL)
    ]
    nearest = sorted(others, key=lambda r: -float(g[r] @ g[row]))[:NEAREST]
    around = find_sample(weighted, row).around
    assert [found for found, _ in around.neighbours] == nearest
    for found, cosine in around.neighbours:
        assert cosine == pytest.approx(float(g[found] @ g[row]), abs=1e-3)


def test_classes_by_look_are_those_of_the_nearest_prototypes(
    weighted: Weighted, folder: Path
) -> None:
    g, unit, space = adapted(weighted, folder)
    row, own = 14, NAMES.index(GIVEN[14])
    cosines = unit @ g[row]
    cosines[own] -= space.self_influence[own]
    around = find_sample(weighted, row).around
    assert [label for label, _ in around.look] == [NAMES[at] for at in np.argsort(-cosines)]
    assert around.look[0][0] == TRUE[row] != GIVEN[row]
    assert around.own == pytest.approx(float(cosines[own]), abs=1e-3)
    assert around.rank == 1 + int((cosines > cosines[own]).sum())
    assert around.classes == 3


def test_the_graph_tells_which_classes_are_related(weighted: Weighted) -> None:
    around = find_sample(weighted, GIVEN.index("green")).around
    assert around.graph[0][0] == "blue"
    assert {label for label, _ in around.graph} == {"red", "blue"}


def test_of_several_labels_the_worst_is_its_class_or_the_one_asked_for(lists: Weighted) -> None:
    known = lists.read([10]).select("label", "label_quality").explode(pl.all())
    worst = known.sort("label_quality")["label"][0]
    assert find_sample(lists, 10).label == worst
    assert find_sample(lists, 10).around is not None
    assert find_sample(lists, 10, "red").label == "red"
    assert find_sample(lists, 10, "cow").label == worst


@pytest.mark.parametrize("row", [NO_FEATURES, NO_LABEL])
def test_without_features_or_a_label_nothing_is_around_it(weighted: Weighted, row: int) -> None:
    sample = find_sample(weighted, row)
    assert sample.around is None
    assert sample.columns["key"] == f"k{row:02d}"


def rewritten(folder: Path, *rows: pl.Expr, path: Path) -> Weighted:
    """Write other rows than those that were weighed, with what the file says of itself."""
    whole = pq.read_table(folder / "w.parquet")
    facts = json.loads(whole.schema.metadata[b"curate"])
    facts["run"] = str(folder / "crawl.parquet.curate")
    table = pl.DataFrame(whole).select(*rows).to_arrow()
    pq.write_table(table.replace_schema_metadata({b"curate": json.dumps(facts)}), path)
    weighted = opened(path, path.parent)
    assert weighted.run is not None
    return weighted


def test_rows_that_were_sorted_and_filtered_have_the_same_around(
    weighted: Weighted, folder: Path, tmp_path: Path
) -> None:
    turned = rewritten(folder, pl.all().reverse().slice(3), path=tmp_path / "turned.parquet")
    keys = turned.read(range(turned.rows))["key"].to_list()
    around = find_sample(turned, keys.index("k14")).around
    whole = find_sample(weighted, 14).around
    assert (around.look, around.own, around.rank) == (whole.look, whole.own, whole.rank)
    kept = [f"k{row:02d}" for row, _ in whole.neighbours if f"k{row:02d}" in keys]
    assert [keys[row] for row, _ in around.neighbours][: len(kept)] == kept


def test_rows_that_are_not_the_runs_have_nothing_around(folder: Path, tmp_path: Path) -> None:
    strange = pl.all().exclude("key"), pl.concat_str(pl.lit("not "), "key").alias("key")
    other = rewritten(folder, *strange, path=tmp_path / "other.parquet")
    assert find_sample(other, 13).around is None
