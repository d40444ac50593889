"""`--engine ray` on a cluster of two nodes: the same bytes, whoever is killed on the way."""

import filecmp
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

from tests.crawls import curate, png
from tests.ray_cluster import NODE, kill_second, on, two_nodes

pytestmark = pytest.mark.filterwarnings("default")
PARTS, ROWS = 6, 40
"""Every part is a shard."""
PICTURES = ("--encoder", "embedded", "--workers", 1, "--device", "cpu", "--graph", "none")
STORED = ("--embeddings", "x.npy", "--device", "cpu", "--graph", "none", "--soft-labels", 1)
PATIENCE = 120.0


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with two_nodes() as nodes:
        yield nodes


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Draw pictures of four classes, with some wrong labels; and features for them."""
    folder, rng = tmp_path_factory.mktemp("crawl"), np.random.default_rng(0)
    (folder / "parts").mkdir()
    colours = np.array([(200, 60, 60), (60, 200, 60), (60, 60, 200), (200, 200, 60)])
    true = rng.integers(0, 4, PARTS * ROWS)
    given = np.where(rng.random(len(true)) < 0.2, rng.integers(0, 4, len(true)), true)
    for part in range(PARTS):
        rows = range(part * ROWS, (part + 1) * ROWS)
        images = [png(colours[true[row]] + rng.normal(0, 40, (90, 120, 3))) for row in rows]
        labels = [f"class {given[row]}" for row in rows]
        table = pl.DataFrame({"key": rows, "image": images, "label": labels})
        table.write_parquet(folder / "parts" / f"{part}.parquet")
    checked = {"key": range(0, len(true), 3), "label": [f"class {c}" for c in true[::3]]}
    pl.DataFrame(checked).write_csv(folder / "verified.csv")
    means = rng.normal(size=(4, 16))
    np.save(folder / "x.npy", (means[true] + rng.normal(0, 0.6, (len(true), 16))).astype("f2"))
    return folder


@pytest.fixture(scope="module")
def weighed(crawl: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[tuple], Path]:
    """Give the local output of a command, made once."""
    made: dict[tuple, Path] = {}

    def local(options: tuple) -> Path:
        if options not in made:
            made[options] = weigh(copied(crawl, tmp_path_factory.mktemp("local")), *options)
        return made[options]

    return local


def copied(crawl: Path, folder: Path) -> Path:
    return Path(shutil.copytree(crawl, folder / "crawl", copy_function=shutil.copy2))


def arguments(folder: Path, *options: object) -> list[str]:
    given = (folder / option if option == "x.npy" else option for option in options)
    return [str(each) for each in ("weight", folder / "parts", "--key", "key", *given)]


def weigh(folder: Path, *options: object) -> Path:
    done = curate(*arguments(folder, *options))
    assert done.exit_code == 0, (done.output, done.exception)
    return folder / "parts.weighted.parquet"


def refine(folder: Path, *options: object) -> Path:
    weighted, verified = folder / "parts.weighted.parquet", folder / "verified.csv"
    given = ("--verified", verified, "--head", "veit", "--epochs", 1, "--device", "cpu")
    done = curate("refine", weighted, *given, *options)
    assert done.exit_code == 0, (done.output, done.exception)
    return folder / "parts.refined.parquet"


def export(folder: Path, *options: object) -> Path:
    weighted, out = folder / "parts.weighted.parquet", folder / "exported"
    done = curate("export", weighted, "--keep", "all", "--out", out, *options)
    assert done.exit_code == 0, (done.output, done.exception)
    return out


def beside(meanwhile: Callable[[], None], made: Callable[[], Path]) -> Path:
    """Make an output, and do something else beside it."""
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(meanwhile)
        found = made()
        done.result()
    return found


def wait_for(folder: Path, pattern: str, ended: Callable[[], bool] = lambda: False) -> None:
    """Wait until a file of that kind is there."""
    latest = time.monotonic() + PATIENCE
    while not any(folder.glob(pattern)) and not ended():
        assert time.monotonic() < latest, pattern
        time.sleep(0.005)


def kill_a_node(cluster: Any, folder: Path, pattern: str) -> None:
    """Kill the second node once a file is there."""
    wait_for(folder, pattern)
    kill_second(cluster)


@pytest.mark.parametrize(
    ("options", "begun"),
    [
        (PICTURES, "parts.curate/features/*/*/receipt.json"),
        (STORED, "parts.curate/adapted/*/*/g.npy"),
    ],
)
def test_a_killed_node_changes_no_byte(
    cluster: Any, crawl: Path, weighed: Callable, tmp_path: Path, options: tuple, begun: str
) -> None:
    folder = copied(crawl, tmp_path)
    kill = partial(kill_a_node, cluster, folder, begun)
    found = beside(kill, partial(weigh, folder, *options, *on(cluster)))
    cluster.add_node(**NODE)
    assert filecmp.cmp(found, weighed(options), shallow=False)


def test_a_killed_driver_goes_on(
    cluster: Any, crawl: Path, weighed: Callable, tmp_path: Path
) -> None:
    folder = copied(crawl, tmp_path)
    words = arguments(folder, *PICTURES, *on(cluster))
    driver = subprocess.Popen(
        [sys.executable, "-m", "curate", *words], stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    )  # fmt: skip
    wait_for(folder, "parts.curate/features/*/*/receipt.json", lambda: driver.poll() is not None)
    driver.send_signal(signal.SIGKILL)
    assert driver.wait() == -signal.SIGKILL
    found = weigh(folder, *PICTURES, *on(cluster))
    assert filecmp.cmp(found, weighed(PICTURES), shallow=False)


def test_another_engine_goes_on(
    cluster: Any,
    crawl: Path,
    weighed: Callable,
    tmp_path: Path,
    killed_at_write: Callable[[int, bool], AbstractContextManager[None]],
) -> None:
    folder = copied(crawl, tmp_path)
    with killed_at_write(PARTS + 6, True):
        curate(*arguments(folder, *STORED), "--debug")
    found = weigh(folder, *STORED, *on(cluster))
    assert filecmp.cmp(found, weighed(STORED), shallow=False)


def test_a_head_judges_the_same(
    cluster: Any, crawl: Path, weighed: Callable, tmp_path: Path
) -> None:
    here = weighed(STORED).parent
    there = Path(shutil.copytree(here, tmp_path / "crawl", copy_function=shutil.copy2))
    found = refine(there, *on(cluster))
    assert filecmp.cmp(found, refine(here), shallow=False)
    assert not list((here / "parts.curate").glob("refined/*/*"))


FILES = [
    ("webdataset", ".unfinished-exported*/train/*.tar"),
    ("huggingface", ".unfinished-exported*/train/*.parquet"),
]


@pytest.mark.parametrize(("format_", "begun"), FILES)
def test_a_killed_node_changes_no_file_of_an_export(
    cluster: Any, weighed: Callable, tmp_path: Path, format_: str, begun: str
) -> None:
    made, options = weighed(STORED).parent, ("--to", format_, "--split", "0.8/0.2")
    options = (*options, "--rows-per-shard", 6)
    here, there = (copied(made, tmp_path / name) for name in ("here", "there"))
    # A picture that turns out to be unreadable is missing in its file, and in no other.
    for folder in (here, there):
        spoil(folder / "parts.weighted.parquet", 7)
    kill = partial(kill_a_node, cluster, there, begun)
    found = beside(kill, partial(export, there, *options, *on(cluster)))
    cluster.add_node(**NODE)
    expected = export(here, *options)
    assert contents(found) == contents(expected)
    assert not list(there.glob(".*")), list(there.glob("curate-scratch*"))


def spoil(path: Path, row: int) -> None:
    """Replace a picture by bytes that are none."""
    table = pl.read_parquet(path)
    images = table["image"].to_list()
    images[row] = b"none"
    metadata = pq.read_schema(path).metadata
    spoiled = table.with_columns(image=pl.Series(images)).to_arrow()
    pq.write_table(spoiled.replace_schema_metadata(metadata), path)


def contents(folder: Path) -> dict[str, bytes]:
    """Read all files; the receipt names options."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {str(f.relative_to(folder)): f.read_bytes() for f in files if f.suffix != ".json"}


def test_nodes_draw_the_same_page(cluster: Any, weighed: Callable, tmp_path: Path) -> None:
    folder, pages = copied(weighed(STORED).parent, tmp_path), []
    for options in ((), on(cluster)):
        out = folder / f"{len(options)}.html"
        weighted = folder / "parts.weighted.parquet"
        done = curate("report", weighted, "--limit", 40, "--out", out, *options)
        assert done.exit_code == 0, (done.output, done.exception)
        pages.append(out.read_bytes())
    assert pages[0] == pages[1]
    assert pages[0].count(b"UklGR") > 32  # So base64 writes the beginning of a WebP.


def test_formats_that_are_written_in_order_are_not_for_nodes(tmp_path: Path) -> None:
    done = curate("export", "w.parquet", "--to", "csv", "--out", "x.csv", "--engine", "ray")
    assert done.exit_code == 2 and "--to csv is written from the first row" in done.output
