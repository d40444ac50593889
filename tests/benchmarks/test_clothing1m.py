import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from benchmarks import clothing1m
from benchmarks.crawl import CLEAN, Crawl
from curate.errors import CurateError
from tests.benchmarks.test_ablation import write


def crawl(true: list[int]) -> Crawl:
    labels = np.zeros(len(true), np.int32)
    x = np.eye(len(true), 5, dtype=np.float16)
    return Crawl(x, ("ant", "bee"), labels, np.array(true, np.int32), np.full(len(true), CLEAN))


def test_a_share_of_the_rows_is_verified_with_their_true_labels(tmp_path: Path) -> None:
    seen = crawl([0, 1, -1, 0, 1, -1, 0, 1, 0, 1])
    verified = clothing1m.draw_verified(seen, 0.4)
    assert verified.sum() == 4
    rows = pl.read_parquet(clothing1m.write_verified(seen, verified, tmp_path / "v.parquet"))
    names = {0: "ant", 1: "bee", -1: None}
    expected = {str(row): names[seen.true[row]] for row in np.flatnonzero(verified)}
    assert dict(rows.iter_rows()) == expected
    with pytest.raises(CurateError, match="--share 1"):
        clothing1m.draw_verified(seen, 1)


def test_each_way_is_scored_before_and_after_fine_tuning(tmp_path: Path) -> None:
    paths = write(tmp_path)
    chosen = ["--seeds", "1", "--steps", "60", "--share", "0.2"]
    out = ["--out", str(tmp_path / "out.json")]
    crawl, truth, clean, *features = paths
    command = [crawl, truth, clean, "--embeddings", *features, *chosen, *out]
    said = CliRunner().invoke(clothing1m.app, command)
    assert said.exit_code == 0, said.output
    assert "48 rows verified" in said.output
    found = json.loads((tmp_path / "out.json").read_text())["accuracies"]
    shapes = {name: np.array(accuracy).shape for name, accuracy in found.items()}
    assert shapes["noisy rows, all alike"] == (1, 2, 2)
    assert shapes["verified rows alone"] == (1, 1, 2)
    weighed = [name for name in found if "weights" in name]
    assert len(weighed) == 3
    assert all(found[name][0][1][0] > 0.6 for name in weighed)
