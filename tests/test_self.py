"""`--encoder self`: a network trained on the crawl, as a user runs it."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner, Result

from cli import app
from curate.training import loop, network, plan
from curate.training.checkpoint import Checkpoints
from tests.crawls import png


class Killed(BaseException):
    """Stands for kill -9."""


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "WIDTHS", (4, 8))
    monkeypatch.setattr(plan, "MOST_EPOCHS", 5)


def picture(colour: int, rng: np.random.Generator) -> bytes:
    pixels = rng.integers(0, 130, (32, 32, 3), np.uint8)
    pixels[..., colour] += 120
    return png(pixels)


def write_crawl(path: Path, rows: int = 96) -> Path:
    """Three colours; every eighth label is wrong, one is missing, one picture is none."""
    rng = np.random.default_rng(0)
    truth = np.arange(rows) % 3
    given: list[str | None] = [f"c{(c + (r % 8 == 0)) % 3}" for r, c in enumerate(truth)]
    images = [picture(c, rng) for c in truth]
    images[4], given[5] = b"<html>", None
    pl.DataFrame({"key": range(rows), "image": images, "label": given}).write_parquet(path)
    return path


def run(path: Path, out: Path, *options: object) -> Result:
    arguments = ["weight", path, "--out", out, "--run-dir", out.with_suffix(".run"), "--graph",
                 "none", "--workers", 1, "--device", "cpu", *options]  # fmt: skip
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def weigh(path: Path, out: Path, *options: object) -> pl.DataFrame:
    result = run(path, out, *options)
    assert result.exit_code == 0, result.output
    return pl.read_parquet(out)


def test_it_finds_wrong_labels_and_reuses_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, out = write_crawl(tmp_path / "crawl.parquet"), tmp_path / "out.parquet"
    rows = weigh(path, out, "--encoder", "self")
    assert rows["status"].to_list() == ["not_image" if r == 4 else "ok" for r in range(96)]
    assert rows["label_quality"].null_count() == 2
    wrong = (pl.col("key") % 8 == 0) & pl.col("label_quality").is_not_null()
    assert (
        rows.filter(wrong)["label_quality"].mean()
        < 0.5 * rows.filter(~wrong)["label_quality"].mean()
    )
    monkeypatch.setattr(loop.Training, "run", None)
    again = weigh(path, out, "--encoder", "self", "--overwrite", "--alpha", "1.1")
    assert again["label_quality"].equals(rows["label_quality"])


def test_a_killed_training_goes_on_and_ends_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_crawl(tmp_path / "crawl.parquet")
    whole = weigh(path, tmp_path / "whole.parquet", "--encoder", "embedded+self")
    monkeypatch.setattr("curate.training.checkpoint.SECONDS", 0.0)
    save, saved = Checkpoints.save, []

    def save_or_die(self, position) -> None:
        save(self, position)
        saved.append(position.step)
        if len(saved) in (2, 9):
            raise Killed

    monkeypatch.setattr(Checkpoints, "save", save_or_die)
    for _ in range(2):
        died = run(path, tmp_path / "cut.parquet", "--encoder", "embedded+self")
        assert "Killed" in died.output
    cut = weigh(path, tmp_path / "cut.parquet", "--encoder", "embedded+self")
    assert saved[1] > 0
    assert cut.equals(whole)


@pytest.mark.parametrize("rows", [12, 13])
def test_a_tiny_crawl_works(tmp_path: Path, rows: int) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "crawl.parquet"
    pl.DataFrame(
        {
            "image": [picture(r % 2, rng) for r in range(rows)],
            "label": [f"c{r % 2}" for r in range(rows)],
        }
    ).write_parquet(path)
    result = run(path, tmp_path / "out.parquet", "--encoder", "self")
    assert result.exit_code == 0, result.output
    assert f"{rows} images with a label may leave its estimates far off" in result.stderr
    weighed = pl.read_parquet(tmp_path / "out.parquet")
    assert weighed["label_quality"].is_finite().all()


@pytest.mark.parametrize(
    ("encoder", "words"),
    [
        ("self:resnet18", "there is no such network; possible are self"),
        ("self@", "there is no such network; possible are self"),
        ("self@none.pt", "there is no checkpoint none.pt; give its path after the @"),
        ("self:timm/resnet_18", "timm has no model 'resnet_18'; the closest are"),
        ("self:open_clip/ViT", "open_clip has no architecture 'ViT'; the closest are"),
    ],
)
def test_what_cannot_be_is_told(tmp_path: Path, encoder: str, words: str) -> None:
    result = run(write_crawl(tmp_path / "c.parquet"), tmp_path / "o.parquet", "--encoder", encoder)
    assert result.exit_code == 2
    assert words in " ".join(result.output.split())
