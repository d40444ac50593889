"""`curate refine --head auto`, as a user runs it."""

import re
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from curate.heads.choose import LEAST_COMPARED, LISTS, ONE_LABEL
from tests.crawls import curate

ROWS, NAMES, VERIFIED = 300, ("ant", "bee", "cat"), 120
KilledAtWrite = Callable[[int, bool], AbstractContextManager[None]]


def draw(lists: bool) -> pl.DataFrame:
    """Draw a crawl of which a quarter of the labels are wrong."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, ROWS)
    x = 2 * np.eye(3, 6)[true] + rng.normal(size=(ROWS, 6))
    given = np.where(rng.random(ROWS) < 0.25, (true + 1) % 3, true)
    as_label = (lambda c: [NAMES[c]]) if lists else (lambda c: NAMES[c])
    columns = {"label": map(as_label, given), "true": map(as_label, true)}
    return pl.DataFrame(
        {"key": range(ROWS), "embedding": x.astype(np.float32),
         **{name: list(labels) for name, labels in columns.items()}},
        schema_overrides={"embedding": pl.List(pl.Float32)},
    )  # fmt: skip


def weighed(folder: Path, lists: bool = False) -> Path:
    """Return the folder of a weighted crawl, w.parquet, and of its verified rows, v.parquet."""
    rows = draw(lists)
    rows.write_parquet(folder / "crawl.parquet")
    rows.head(VERIFIED).select("key", label="true").write_parquet(folder / "v.parquet")
    out = ("--out", folder / "w.parquet", "--run-dir", folder / "run")
    said(curate("weight", folder / "crawl.parquet", "--graph", "none", *out))
    return folder


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return weighed(tmp_path_factory.mktemp("auto"))


@pytest.fixture(scope="module")
def words(crawl: Path) -> str:
    """Return what is said of a crawl that is refined into r.parquet."""
    return said(refine(crawl, crawl / "r.parquet"))


def refine(crawl: Path, out: Path, *options: object, run: str = "run"):  # type: ignore[no-untyped-def]
    verified = ("--verified", crawl / "v.parquet", "--run-dir", crawl / run)
    return curate("refine", crawl / "w.parquet", *verified, "--epochs", 1, "--out", out, *options)


def said(result) -> str:  # type: ignore[no-untyped-def]
    assert result.exit_code == 0, result.output
    return result.output


def stamps(crawl: Path) -> dict[Path, int]:
    found = (crawl / "run" / "heads").rglob("receipt.json")
    return {path: path.stat().st_mtime_ns for path in found}


def chosen(words: str) -> str:
    found = re.search(r"^(\S+) .*chosen", words, re.MULTILINE)
    assert found is not None, words
    return found[1]


def test_every_candidate_is_named_with_what_it_reached(words: str) -> None:
    for name in ONE_LABEL:
        assert re.search(rf"^{name} +[\d.]+% +\([\d.]+% to [\d.]+%\)", words, re.MULTILINE), words
    assert words.count("chosen\n") == 1
    assert "--head auto trains 3 heads, stack, nmn, xiao, and takes the best" in words
    assert "On 120 verified rows, each judged by a head that has not seen it" in words


def test_the_chosen_head_is_not_trained_twice_and_writes_the_same(crawl: Path, words: str) -> None:
    before = stamps(crawl)
    assert len(before) == len(ONE_LABEL)
    again = crawl / "again.parquet"
    assert chosen(said(refine(crawl, again))) == chosen(words)
    named = crawl / "named.parquet"
    only = said(refine(crawl, named, "--head", chosen(words)))
    assert "chosen" not in only
    assert stamps(crawl) == before
    rows = pl.read_parquet(crawl / "r.parquet")
    assert pl.read_parquet(again).equals(rows)
    assert pl.read_parquet(named).equals(rows)


@pytest.mark.parametrize("fatal", [1, 8])
def test_dying_while_candidates_are_trained_changes_nothing(
    crawl: Path, words: str, tmp_path: Path, killed_at_write: KilledAtWrite, fatal: int
) -> None:
    shutil.copytree(crawl / "run", crawl / f"run-{fatal}")
    shutil.rmtree(crawl / f"run-{fatal}" / "heads")
    out = tmp_path / "r.parquet"
    with killed_at_write(fatal, True):
        refine(crawl, out, "--debug", run=f"run-{fatal}")
    assert not out.exists()
    assert chosen(said(refine(crawl, out, run=f"run-{fatal}"))) == chosen(words)
    assert pl.read_parquet(out).equals(pl.read_parquet(crawl / "r.parquet"))


def test_with_few_verified_rows_nothing_is_compared_and_that_is_said(crawl: Path) -> None:
    few = pl.read_parquet(crawl / "v.parquet").head(LEAST_COMPARED - 1)
    few.write_parquet(crawl / "few.parquet")
    options = ("--verified", crawl / "few.parquet", "--run-dir", crawl / "run", "--epochs", 1)
    found = said(curate("refine", crawl / "w.parquet", *options, "--out", crawl / "f.parquet"))
    assert (
        "99 verified rows are too few to choose a head by (at least 100), so it is stack" in found
    )
    assert "chosen" not in found


def test_lists_have_candidates_of_their_own(tmp_path: Path) -> None:
    folder = weighed(tmp_path, lists=True)
    words = said(refine(folder, folder / "r.parquet"))
    assert chosen(words) in LISTS
    assert all(re.search(rf"^{name} +[\d.]+%", words, re.MULTILINE) for name in LISTS)
    assert not re.search(r"^xiao ", words, re.MULTILINE)
