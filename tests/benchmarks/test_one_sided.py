"""Each kind of noise by itself: what the mosaics hold, and the tables of the heads."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks import one_sided
from benchmarks.mosaics import add_wrong, draw_tiles
from tests.benchmarks.pictures import cells, write_pictures


def test_added_labels_are_the_share_asked_for_and_leave_all_others() -> None:
    rng = np.random.default_rng(0)
    true = draw_tiles([np.arange(3)] * 60, 2000, rng)[1]
    given = add_wrong(true, true, 60, 0.4, rng)
    assert all(set(own) <= set(all_) for own, all_ in zip(true, given, strict=True))
    assert all(len(set(labels)) == len(labels) for labels in given)
    added = 1 - sum(map(len, true)) / sum(map(len, given))
    assert abs(added - 0.4) < 0.02
    unchanged = add_wrong(true, true, 60, 0.0, rng)
    assert all(map(np.array_equal, unchanged, true))


@pytest.mark.usefixtures("one_epoch")
def test_every_kind_of_noise_has_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_sided, "SHARES", (0.4,))
    monkeypatch.setattr(one_sided, "HEADS", ("noisy labels", "nmn"))
    command = [*write_pictures(tmp_path, 60), "--rows", "240", "--verified", "0.2"]
    said = CliRunner().invoke(one_sided.app, [*command, "--seeds", "1"])
    assert said.exit_code == 0, said.output
    given = [float(row[0]) for row in cells(said.output, "given labels")]
    # Labels right are those that are both given and true, of all: .6, .6, and .6 / 1.4.
    np.testing.assert_allclose(given, [0.6, 0.6, 0.43], atol=0.1)
    for head in one_sided.HEADS:
        rows = cells(said.output, head)
        assert len(rows) == 3
        found = [float(number) for row in rows for number in row[0].split(", ")]
        assert len(found) == 6
        assert all(0 < number <= 1 for number in found)


@pytest.mark.usefixtures("one_epoch")
def test_one_kind_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_sided, "SHARES", (0.4,))
    monkeypatch.setattr(one_sided, "HEADS", ())
    command = [*write_pictures(tmp_path, 60), "--rows", "120", "--seeds", "1", "--kind"]
    said = CliRunner().invoke(one_sided.app, [*command, "added"])
    assert "beside all true ones" in said.output
    assert "missing" not in said.output
    assert CliRunner().invoke(one_sided.app, [*command, "else"]).exit_code == 2
