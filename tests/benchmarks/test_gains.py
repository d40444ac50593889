"""Gains by class, and the choice of auto, on a crawl of which all is known."""

from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from benchmarks import auto, categories, gains, heads
from curate.heads.choose import ONE_LABEL
from tests.benchmarks.pictures import NAMES, cells, write_pictures
from tests.crawls import curate


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the paths of a weighted crawl and of its truth."""
    folder = tmp_path_factory.mktemp("gains")
    path, truth, *encoder = write_pictures(folder, 480)
    out = folder / "w.parquet"
    said = curate("weight", path, *encoder, "--graph", "none", "--out", out)
    assert said.exit_code == 0, said.output
    return [f"{out}", truth]


@pytest.mark.usefixtures("one_epoch")
def test_gains_are_told_by_frequency_and_by_wrongness(crawl: list[str]) -> None:
    said = CliRunner().invoke(gains.app, [*crawl, "--share", "0.2", "--seeds", "2"])
    assert said.exit_code == 0, said.output
    groups = ["rarest fifth", "second", "middle", "fourth", "commonest fifth"]
    by_frequency = [cells(said.output, group)[0] for group in groups]
    by_wrongness = cells(said.output, "0 to 20% wrong") + cells(said.output, "20 to 40% wrong")
    judged = [heads.split(heads.read(*map(Path, crawl)), 0.2, seed)[1].sum() for seed in (0, 1)]
    for rows in (by_frequency, by_wrongness):
        assert sum(int(row[0]) for row in rows) == len(NAMES)
        assert sum(int(row[1]) for row in rows) == sum(judged)
        for _, _, before, after, gain in rows:
            assert float(gain) == pytest.approx(float(after) - float(before), abs=0.0011)


@pytest.mark.usefixtures("one_epoch")
def test_average_precision_is_told_by_category(crawl: list[str]) -> None:
    assert categories.categories(("cat", "n04530566", "qwxz")) == [
        "noun.animal", "noun.artifact", categories.UNKNOWN,
    ]  # fmt: skip
    command = [*crawl, "--share", "0.2", "--seeds", "1", "--head", "fine-tune"]
    said = CliRunner().invoke(categories.app, command)
    assert said.exit_code == 0, said.output
    assert cells(said.output, "classes")[0] == ["8", "8"]
    of_animals, of_all = map(float, cells(said.output, "fine-tune")[0])
    assert 0 < of_animals == of_all <= 1


@pytest.mark.usefixtures("one_epoch")
def test_auto_trains_the_head_that_it_chooses(
    crawl: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = heads.read(*map(Path, crawl))
    verified, judged = heads.split(data, 0.3, 0)
    assert verified.sum() >= 100
    chosen = auto.choose(data.task, data.inputs, data.examples.chosen(~judged), 0)
    assert chosen in ONE_LABEL
    monkeypatch.setattr(heads, "choose", lambda *_: "fine-tune")
    assert heads.measure(data, "auto", 0.3, 0)[:-1] == heads.measure(data, "fine-tune", 0.3, 0)[:-1]


@pytest.mark.usefixtures("one_epoch")
def test_heads_are_compared_beside_the_given_labels(crawl: list[str]) -> None:
    """With few verified rows auto is stack."""
    chosen = [option for name in ("stack", "auto") for option in ("--head", name)]
    command = [*crawl, "--share", "0.1", "--seeds", "1", *chosen]
    said = CliRunner().invoke(heads.app, command)
    assert said.exit_code == 0, said.output
    wrong = pl.read_parquet(crawl[0]).join(pl.read_parquet(crawl[1]), on="key")
    right = (wrong["label"] == wrong["true_label"]).mean()
    given, stack, auto_ = (cells(said.output, n)[0] for n in ("given labels", "stack", "auto"))
    assert float(given[0].split(" ")[0]) == pytest.approx(right, abs=0.1)
    assert stack[:-1] == auto_[:-1]
