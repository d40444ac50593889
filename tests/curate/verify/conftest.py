"""A weighted manifest written by hand, and a sitting over it without a terminal."""

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from curate.images.status import Status
from curate.options.weighted import WeightedOptions
from curate.store.folders import Folders
from curate.verify.ahead import Ahead, Look
from curate.verify.answers import Answers, open_answers
from curate.verify.app import VerifyApp
from curate.verify.asked_sample import label_by_label, samples
from curate.verify.class_choices import asked_classes
from curate.verify.pair_answers import PairAnswers
from curate.verify.queue import QueueOptions, make_queue
from curate.verify.session import Session
from curate.weighted.open import open_weighted
from curate.weighted.weighted import Weighted
from tests.crawls import plain_png

CLASSES = ("ant", "bee", "cat", "dog")


def png(side: int = 8) -> bytes:
    return plain_png((255, 0, 0), (side, side))


@pytest.fixture
def write_weighted(tmp_path: Path) -> Callable[..., Path]:
    """Write rows k00, k01 ... of rising quality, labels in turn; keywords replace columns."""

    def write(rows: int = 40, name: str = "crawl.weighted.parquet", **columns: Any) -> Path:
        made = {
            "key": [f"k{row:02d}" for row in range(rows)],
            "image": [png()] * rows,
            "label": [CLASSES[row % 4] for row in range(rows)],
            "caption": [f"picture {row}" for row in range(rows)],
            "label_quality": [(row + 0.5) / rows for row in range(rows)],
            "suggested_label": [CLASSES[(row + 1) % 4] for row in range(rows)],
            "suggested_quality": [1 - (row + 0.5) / rows for row in range(rows)],
            "is_label_issue": [row < rows // 4 for row in range(rows)],
        }
        table = pl.DataFrame(made | columns)
        table.write_parquet(tmp_path / name)
        return tmp_path / name

    return write


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[Path], Weighted]:
    return lambda path: open_weighted(WeightedOptions(path), Folders(tmp_path / "frozen"))


@pytest.fixture
def sitting(tmp_path: Path, opened: Callable[[Path], Weighted]) -> Callable[..., Any]:
    """Open the screen over a weighted manifest, without pictures unless ``load`` makes some."""

    @contextlib.contextmanager
    def sit(
        path: Path,
        options: QueueOptions | None = None,
        out: Path = tmp_path / "verified.parquet",
        load: Callable[[int], Look] = lambda _: Look(Status.MISSING, {}),
        each_label: bool = False,
        examples: Callable[[str], Any] | None = None,
    ) -> Iterator[VerifyApp]:
        weighted, options = opened(path), options or QueueOptions()
        lists = weighted.manifest.has_label_lists
        kind = PairAnswers if each_label else Answers
        with open_answers(out, "anna", lists, kind) as answers, ThreadPoolExecutor(1) as readers:
            asked = list(samples(make_queue(weighted, options), lists))
            asked = list(label_by_label(asked)) if each_label else asked
            session = Session(asked, answers, options.strategy)
            ahead = Ahead(load, readers)
            classes = asked_classes(weighted)
            yield VerifyApp(session, ahead, classes, path.name, lists, examples=examples)

    return sit
