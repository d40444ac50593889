"""Results of old code are not shown as those of new."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

ROOT = Path(__file__).parent.parent


def weigh(folder: Path, crawl: str) -> tuple[pl.DataFrame, float]:
    """Weigh with the code in ``folder``; also returns when the features were kept."""
    line = [sys.executable, "-c", "import cli; cli.main()", "weight", crawl, "--out", "w.parquet",
            "--embeddings", "x.npy", "--graph", "none", "--overwrite"]  # fmt: skip
    env = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    features = next(folder.glob("*.curate/features/*"))
    return pl.read_parquet(folder / "w.parquet"), features.stat().st_ctime


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a copy of the code, and a crawl of 60 rows beside it."""
    for package in ("curate", "graphs", "prototypes"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
    shutil.copy(ROOT / "cli.py", tmp_path)
    rng = np.random.default_rng(0)
    label = np.arange(60) % 2
    np.save(tmp_path / "x.npy", rng.normal(size=(60, 8)) + 3 * np.eye(8)[label])
    table = pl.DataFrame({"id": np.arange(60), "label": np.where(label, "ant", "bee")})
    table.write_parquet(tmp_path / "crawl.parquet")
    table.write_csv(tmp_path / "crawl.csv")
    return tmp_path


def test_new_code_of_scores_gives_new_scores_beside_the_old_features(folder: Path) -> None:
    before, made = weigh(folder, "crawl.parquet")
    again, _ = weigh(folder, "crawl.parquet")
    assert again.equals(before)

    change(folder / "curate" / "scoring" / "score.py",
           '"label_quality": label.quality,', '"label_quality": label.quality / 2,')  # fmt: skip
    after, still = weigh(folder, "crawl.parquet")
    assert np.allclose(after["label_quality"], before["label_quality"] / 2)
    assert still == made


def test_new_code_that_reads_tables_reads_them_again(folder: Path) -> None:
    before, _ = weigh(folder, "crawl.csv")
    assert set(before["label"]) == {"ant", "bee"}
    table = folder / "curate" / "manifest" / "tables.py"
    table.write_text(table.read_text() + CAPITALS)
    after, _ = weigh(folder, "crawl.csv")
    assert set(after["label"]) == {"ANT", "BEE"}


CAPITALS = """

_plainly = table_to_parquet


def table_to_parquet(source, target):
    said = _plainly(source, target)
    table = pl.read_parquet(target)
    table.with_columns(pl.col("label").str.to_uppercase()).write_parquet(target)
    return said
"""


def change(file: Path, old: str, new: str) -> None:
    source = file.read_text()
    assert source.count(old) == 1
    file.write_text(source.replace(old, new))
