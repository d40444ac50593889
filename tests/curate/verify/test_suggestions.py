"""What is offered beside the given label, and which classes a search finds."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from cli import app
from curate.verify.asked_sample import samples, suggestions
from curate.verify.class_choices import AskedClasses, asked_classes
from curate.verify.nearest import NearestClasses
from curate.verify.queue import QueueOptions, make_queue
from curate.weighted.weighted import Weighted

Write = Callable[..., Path]
Opened = Callable[[Path], Weighted]
ROWS, CLASSES = 60, 5


@pytest.fixture(scope="module")
def weighed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weigh a crawl whose images look like their classes, each a little like the next one."""
    folder = tmp_path_factory.mktemp("weighed")
    rng = np.random.default_rng(0)
    shown = np.arange(ROWS) % CLASSES
    features = np.eye(8)[shown] + 0.4 * np.eye(8)[(shown + 1) % CLASSES]
    features += rng.normal(0, 0.05, features.shape)
    labels = [f"class {label}" for label in np.where(np.arange(ROWS) < 5, (shown + 2) % 5, shown)]
    table = {"key": [f"k{row:02d}" for row in range(ROWS)], "label": labels}
    crawl = pl.DataFrame({**table, "embedding": features.astype(np.float32)})
    crawl.write_parquet(folder / "crawl.parquet")
    result = CliRunner().invoke(app, ["weight", str(folder / "crawl.parquet"), "--graph", "none"])
    assert result.exit_code == 0, result.output
    return folder / "crawl.weighted.parquet"


def test_the_nearest_classes_are_those_that_an_image_looks_like(
    weighed: Path, opened: Opened
) -> None:
    nearest = NearestClasses(opened(weighed))
    for row in (0, 17, 59):
        likely = nearest.of(row, [f"class {(row + 2) % CLASSES}"])
        assert next(iter(likely)) == f"class {row % CLASSES}"
        assert len(likely) == CLASSES - 1
        assert list(likely.values()) == sorted(likely.values(), reverse=True)


def test_what_is_offered_has_the_probability_that_weight_gives_it(
    weighed: Path, opened: Opened
) -> None:
    weighted = opened(weighed)
    nearest, compared = NearestClasses(weighted), 0
    for row in weighted.read(range(ROWS)).iter_rows(named=True):
        likely = nearest.of(row["row"], [row["label"]])
        if row["suggested_label"] != row["label"]:
            found = likely[row["suggested_label"]] * (1 - row["label_quality"])
            assert found == pytest.approx(row["suggested_quality"], abs=1e-3)
            compared += 1
    assert compared


def test_without_the_run_there_are_no_nearest_classes(
    write_weighted: Write, opened: Opened
) -> None:
    assert NearestClasses(opened(write_weighted(4))).of(0, ["ant"]) == {}


def test_suggestions_are_distinct_and_not_the_given_label(weighed: Path, opened: Opened) -> None:
    weighted = opened(weighed)
    nearest = NearestClasses(weighted)
    classes = asked_classes(weighted)
    for sample in samples(make_queue(weighted, QueueOptions()), lists=False):
        more = classes.confused_with(sample.given[0])
        likely = nearest.of(sample.row, sample.given)
        offered = [label for label, _ in suggestions(sample, likely, more)]
        assert None not in dict(suggestions(sample, likely, more)).values()
        assert len(offered) == len(set(offered)) == CLASSES - 1
        assert sample.given[0] not in offered
        if sample.row < CLASSES:
            assert offered[0] == f"class {sample.row}"


def test_what_refine_says_is_offered(write_weighted: Write, opened: Opened) -> None:
    path = write_weighted(
        1,
        refined_label=["dog"],
        refined_probability=[0.5],
        refined_classes=[["dog", "cat", "ant"]],
        refined_probabilities=[[0.5, 0.3, 0.2]],
    )
    (sample,) = samples(make_queue(opened(path), QueueOptions()), lists=False)
    assert [label for label, _ in sample.suggested] == ["bee", "dog", "cat"]
    assert suggestions(sample, {"ant": 0.5, "dog": 0.4}, ["cow"]) == (
        ("bee", 0.5), ("dog", 0.2), ("cat", None), ("cow", None),
    )  # fmt: skip


def test_the_run_names_classes_and_what_they_are_confused_with(
    weighed: Path, opened: Opened
) -> None:
    classes = asked_classes(opened(weighed))
    assert classes.labels == tuple(f"class {label}" for label in range(CLASSES))
    assert classes.confused_with("class 2") == ["class 0"]
    assert classes.title("class 2") == ("class 2", "")


def test_classes_of_the_same_name_can_be_told_apart(
    tmp_path: Path, write_weighted: Write, opened: Opened
) -> None:
    run = tmp_path / "crawl.parquet.curate"
    run.mkdir()
    (run / "curate.txt").write_text("a run")
    (run / "classes.csv").write_text(
        'label,rows,name,description,definition\nant,1,"crane, bird",,a bird\nbee,1,crane,,\n'
        "cat,1,crane,,lifts\ndog,1,,,\n"
    )
    weighted = opened(write_weighted(4))
    assert weighted.run == run
    classes = asked_classes(weighted)
    assert [classes.title(label) for label in classes.labels] == [
        ("crane", ", bird"), ("crane (bee)", ""), ("crane (cat)", ""), ("dog", ""),
    ]  # fmt: skip
    assert classes.definitions == {"ant": "a bird", "cat": "lifts"}


CATS = AskedClasses(
    ("n1", "n2", "n3", "n4", "wild cat"),
    {"n1": "tabby, tabby cat", "n2": "bullfrog, Rana catesbeiana", "n3": "scatter", "n4": "Cat"},
)


def test_a_search_finds_names_and_labels_best_first() -> None:
    assert CATS.find("cat") == ["n4", "n1", "wild cat", "n2", "n3"]
    assert CATS.find("CAT ", first=["n3"]) == ["n3", "n4", "n1", "wild cat", "n2"]
    assert CATS.find("n2") == ["n2"]
    assert CATS.find(".*") == []
    assert CATS.find("") == ["n2", "n4", "n3", "n1", "wild cat"]
    assert CATS.find("", first=["wild cat"])[0] == "wild cat"
