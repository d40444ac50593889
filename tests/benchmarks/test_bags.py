"""Bags have the labels of their images, and each head is trained on images and on bags."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks import bags
from tests.benchmarks.pictures import cells, write_pictures


def test_images_are_given_all_labels_of_their_bag(tmp_path: Path) -> None:
    crawl, truth, _, encoder = write_pictures(tmp_path, 96)
    data, bag = bags.drawn(Path(crawl), Path(truth), encoder, 96)
    assert np.bincount(bag).tolist() == [bags.SIZE] * 24
    given = [set(row[row >= 0]) for row in data.examples.given]
    for number in range(24):
        of_bag = {frozenset(given[row]) for row in np.flatnonzero(bag == number)}
        assert len(of_bag) == 1
        assert 1 <= len(of_bag.pop()) <= bags.SIZE
    assert data.task.several
    assert ((data.examples.true >= 0).sum(axis=1) == 1).all()


@pytest.mark.usefixtures("one_epoch")
def test_every_head_is_trained_on_images_and_on_bags(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bags, "HEADS", ("noisy labels", "nmn, none verified"))
    command = [*write_pictures(tmp_path, 160), "--rows", "160", "--seeds", "1"]
    said = CliRunner().invoke(bags.app, command)
    assert said.exit_code == 0, said.output
    for head in bags.HEADS:
        of_images, of_bags = cells(said.output, head)
        assert (of_images[0], of_bags[0]) == ("images", "bags")
        assert all(0 < float(cell) <= 1 for cell in (*of_images[1:], *of_bags[1:]))
