"""Every example, run by the commands of its own header."""

import re
import runpy
import shlex
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from cli import app

EXAMPLES = Path(__file__).parents[2] / "examples"
COMMAND = re.compile(r"^ {4}((?:pip|curate|python) .*)$", re.MULTILINE)
CHANCE = 1 / 12
"""The demo's crawl has twelve classes."""

# Lightning, transformers and torch warn of what they do on a machine without a GPU.
pytestmark = pytest.mark.filterwarnings("ignore")


def commands(name: str) -> list[list[str]]:
    """Read the commands of an example's header."""
    header = (EXAMPLES / name).read_text().split('"""')[1].replace("\\\n", " ")
    return [shlex.split(command) for command in COMMAND.findall(header)]


@pytest.fixture
def run(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], str]:
    """Run an example as its header says, and give what it prints at the end."""
    monkeypatch.chdir(home)

    def run(name: str) -> str:
        printed = ""
        for command, *arguments in commands(name):
            if command == "curate" and arguments != ["demo", "demo"]:
                result = CliRunner().invoke(app, arguments)
                assert result.exit_code == 0, result.output
            elif command == "python":
                assert arguments[0] == f"examples/{name}"
                monkeypatch.setattr("sys.argv", arguments)
                runpy.run_path(str(EXAMPLES / name), run_name="__main__")
                printed = capsys.readouterr().out
        return printed

    return run


def right(printed: str) -> list[float]:
    """Read the shares that an example says are right."""
    return [float(share) / 100 for share in re.findall(r"right on ([\d.]+)%", printed)]


def test_each_says_how_to_run_it_and_what_it_needs() -> None:
    project = tomllib.loads((EXAMPLES.parent / "pyproject.toml").read_text())
    known = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    installed = {re.split("[>=;]", package)[0] for package in known}
    for path in sorted(EXAMPLES.glob("*.py")):
        found = commands(path.name)
        assert any(command[:2] == ["python", f"examples/{path.name}"] for command in found), path
        for command in found:
            assert command[0] != "pip" or installed.issuperset(command[2:]), path


@pytest.mark.parametrize(
    "name",
    [
        "train_huggingface.py",
        "train_lightning.py",
        "train_pytorch.py",
        "train_timm.py",
        "train_webdataset.py",
    ],
)
def test_networks_learn(run: Callable[[str], str], name: str) -> None:
    (share,) = right(run(name))
    assert share > 2 * CHANCE


def test_weights_help_a_classifier_of_embeddings(run: Callable[[str], str]) -> None:
    alike, weighted = right(run("train_sklearn.py"))
    assert weighted > alike > 2 * CHANCE


def test_an_own_encoder(run: Callable[[str], str], home: Path) -> None:
    assert "features (4, 288)" in run("own_encoder.py")
    rows = pl.read_parquet(home / "demo/own.parquet")
    assert rows["status"].eq("ok").all()
    assert 0.05 < rows["is_label_issue"].mean() < 0.6


def test_a_product_catalogue(run: Callable[[str], str], home: Path) -> None:
    assert "Four corners -> Four corners" in run("product_catalogue.py")
    rows = pl.read_parquet(home / "demo/shop/catalogue.weighted.parquet")
    assert rows["label"].str.starts_with("P-").all()


def test_a_video_folder(run: Callable[[str], str], home: Path) -> None:
    assert "1200 frames" in run("video_folder.py")
    best = pl.read_csv(home / "demo/frames/best.csv")
    truth = pl.read_parquet(home / "demo/crawl.parquet").join(
        pl.read_parquet(home / "demo/truth.parquet"), on="key"
    )
    shows = dict(truth.select("image", "true_label").iter_rows())
    told = [shows[(home / "demo/frames" / path).read_bytes()] for path in best["path"]]
    given = [path.split("/")[0] for path in best["path"]]
    assert np.mean(np.array(told) == np.array(given)) > 0.9


def test_noisy_rows_and_verified_ones(run: Callable[[str], str]) -> None:
    printed = run("train_clothing1m.py")
    noisy, verified = map(int, re.match(r"(\d+) noisy rows and (\d+) verified", printed).groups())  # type: ignore[union-attr]
    assert verified <= 120
    assert noisy >= 1200 - 240 - 120
    names = [line.split("  ")[0].strip() for line in printed.splitlines()[-5:]]
    assert names == ["V", "A", "A, fine-tuned", "C", "C, fine-tuned"]
