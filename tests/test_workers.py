"""Whoever makes the products, and however many blocks at once, the weights are the same."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from cli import app
from curate.manifest import plan
from curate.scoring import fit, score
from prototypes.engine.torch_products import TorchProducts
from prototypes.fit.relations import relations_of
from prototypes.score.opinions import score_opinions

ROOT, ROWS, CLASSES = Path(__file__).parent.parent, 9_000, 12


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Several shards of features, a third of whose labels are wrong."""
    folder, rng = tmp_path_factory.mktemp("workers"), np.random.default_rng(0)
    true = rng.integers(0, CLASSES, ROWS)
    x = rng.normal(size=(ROWS, 48)) + rng.normal(size=(CLASSES, 48))[true]
    given = np.where(rng.random(ROWS) < 0.3, rng.integers(0, CLASSES, ROWS), true)
    np.save(folder / "x.npy", x.astype(np.float16))
    labels = {"key": range(ROWS), "label": [f"class {label}" for label in given]}
    pl.DataFrame(labels).write_parquet(folder / "crawl.parquet")
    assert plan.shard_size(ROWS) < ROWS / 3
    return folder


def command(crawl: Path, name: str) -> list[str]:
    """The arguments of a run of its own."""
    out, run = crawl / f"{name}.parquet", crawl / name
    options = ["--graph", "none", "--soft-labels", 2]
    return list(
        map(str, ["weight", crawl / "crawl.parquet", "--embeddings", crawl / "x.npy", *options,
                  "--out", out, "--run-dir", run])
    )  # fmt: skip


@pytest.fixture(scope="module")
def alone(crawl: Path) -> pl.DataFrame:
    return run_on(crawl, 1)


def run_on(crawl: Path, threads: int) -> pl.DataFrame:
    name = f"threads{threads}"
    line = [sys.executable, "-c", "import cli; cli.main()", *command(crawl, name)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    subprocess.run(line, cwd=ROOT, env=environment, check=True, capture_output=True)
    return pl.read_parquet(crawl / f"{name}.parquet")


def test_any_number_of_threads_gives_the_same_bits(crawl: Path, alone: pl.DataFrame) -> None:
    assert run_on(crawl, 3).equals(alone)


def test_torch_gives_the_same_weights(
    crawl: Path, alone: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a GPU would: only the device differs."""
    monkeypatch.setattr(fit, "products_on", lambda _: TorchProducts("cpu"))
    result = CliRunner().invoke(app, command(crawl, "torch"))
    assert result.exit_code == 0, result.output
    found = pl.read_parquet(crawl / "torch.parquet")
    for column in ("weight", "label_quality", "distance"):
        assert np.allclose(found[column], alone[column], atol=1e-3), column
    assert (found["suggested_label"] == alone["suggested_label"]).mean() > 0.995


def test_nothing_adapted_is_left_behind(crawl: Path, alone: pl.DataFrame) -> None:
    assert len(alone) == ROWS
    assert (crawl / "threads1" / "scores").is_dir()
    assert not (crawl / "threads1" / "adapted").exists()


@pytest.mark.parametrize("kind", ["lists", "verified"])
def test_kept_consistency_is_that_of_its_own_row(
    tmp_path: Path, crawl: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = pl.read_parquet(crawl / "crawl.parquet")
    if kind == "lists":
        wide = pl.concat_list("label", pl.lit("class 1")).list.head(1 + pl.col("key") % 2)
        rows = rows.with_columns(label=wide.list.unique())
    rows.write_parquet(tmp_path / "crawl.parquet")
    rows.gather_every(7).write_parquet(tmp_path / "verified.parquet")

    def consistency(name: str) -> np.ndarray:
        given, out = tmp_path / "crawl.parquet", tmp_path / f"{name}.parquet"
        options = ["--graph", "none", "--out", out, "--run-dir", tmp_path / name]
        if kind == "verified":
            options += ["--verified", tmp_path / "verified.parquet"]
        line = ["weight", given, "--embeddings", crawl / "x.npy", *options]
        result = CliRunner().invoke(app, list(map(str, line)))
        assert result.exit_code == 0, result.output
        found = pl.read_parquet(out)["consistency"]
        return (found.explode() if kind == "lists" else found).to_numpy()

    def forgetful(*known: Any) -> Any:
        block, judge = known[0], known[2].consistency
        p = judge(block.g, block.labels, relations=relations_of(None, judge.initial))
        return score_opinions(*known[:5], p, *known[6:])

    kept = consistency("kept")
    monkeypatch.setattr(score, "score_opinions", forgetful)
    np.testing.assert_allclose(kept, consistency("again"), rtol=1e-4)
