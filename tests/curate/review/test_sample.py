"""What lies around a sample, held against a plain computation on the same features."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from curate.review.sample import NEAREST, find_sample
from curate.weighted import Weighted
from prototypes.space import AdaptedSpace

from .conftest import GIVEN, NAMES, NO_FEATURES, NO_LABEL, TRUE, opened


def adapted(weighted: Weighted, folder: Path) -> tuple[np.ndarray, np.ndarray, AdaptedSpace]:
    work = weighted.work()
    features = np.nan_to_num(np.load(folder / "features.npy"))
    v = work.prototypes.v
    unit = v / np.linalg.norm(v, axis=1, keepdims=True)
    return work.space.transform(features.astype(np.float16)), unit, work.space


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


def test_rows_that_are_not_the_runs_have_nothing_around(folder: Path, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    whole = pq.read_table(folder / "w.parquet")
    facts = json.loads(whole.schema.metadata[b"curate"])
    facts["run"] = str(folder / "crawl.parquet.curate")
    table = whole.slice(1).replace_schema_metadata({b"curate": json.dumps(facts)})
    assert isinstance(table, pa.Table)
    pq.write_table(table, tmp_path / "fewer.parquet")
    fewer = opened(tmp_path / "fewer.parquet", tmp_path)
    assert fewer.run is not None
    assert find_sample(fewer, 13).around is None
