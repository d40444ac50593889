"""`curate refine --apply` of folders that a head was never written to as they are: one sentence."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner, Result

from cli import app
from curate.store.folders import Folders

ROWS, NAMES = 200, ("ant", "bee", "cat")


def curate(*arguments: object) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "200"})


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a weighted crawl, w.parquet, and a head trained on it, head."""
    folder = tmp_path_factory.mktemp("forged")
    rng = np.random.default_rng(0)
    true = np.arange(ROWS) % 3
    x = np.eye(3, 6)[true] * 3 + rng.normal(size=(ROWS, 6))
    labels = [NAMES[c] for c in true]
    table = pl.DataFrame({"key": range(ROWS), "label": labels, "embedding": x.astype(np.float32)},
                         schema_overrides={"embedding": pl.List(pl.Float32)})  # fmt: skip
    table.write_parquet(folder / "crawl.parquet")
    table.head(40).select("key", "label").write_parquet(folder / "v.parquet")
    weight = ("weight", folder / "crawl.parquet", "--graph", "none", "--out", folder / "w.parquet")
    assert curate(*weight).exit_code == 0
    options = ("--verified", folder / "v.parquet", "--epochs", 1, "--head", "xiao")
    assert curate("refine", folder / "w.parquet", *options).exit_code == 0
    head = next((folder / "crawl.parquet.curate" / "heads").glob("*/head"))
    shutil.copytree(head, folder / "head")
    return folder


About = dict[str, Any]
Numbers = dict[str, torch.Tensor]


def forge(crawl: Path, folder: Path, change: Callable[[About, Numbers], object]) -> Path:
    """Write a head that was changed, with a receipt that vouches for it."""
    about = json.loads((crawl / "head" / "head.json").read_text())
    numbers = load_file(crawl / "head" / "numbers.safetensors")
    told = change(about, numbers)
    contents: dict[str, Any] = {
        "head": about if told is None else told,
        "numbers.safetensors": lambda path: save_file(numbers, path),
    }
    Folders(folder).write("forged", contents)
    return folder / "forged"


def apply(crawl: Path, head: Path, out: Path) -> Result:
    return curate("refine", crawl / "w.parquet", "--apply", head, "--out", out / "r.parquet")


def put(**values: object) -> Callable[[About, Numbers], None]:
    return lambda about, numbers: about.update(values)


def put_task(**values: object) -> Callable[[About, Numbers], None]:
    return lambda about, numbers: about["task"].update(values)


def put_number(name: str, values: torch.Tensor) -> Callable[[About, Numbers], None]:
    return lambda about, numbers: numbers.update({name: values})


def drop(name: str) -> Callable[[About, Numbers], None]:
    def change(about: About, numbers: Numbers) -> None:
        del about[name]

    return change


def drop_number(name: str) -> Callable[[About, Numbers], None]:
    def change(about: About, numbers: Numbers) -> None:
        del numbers[name]

    return change


FORGED: dict[str, Callable[[About, Numbers], object]] = {
    "no object": lambda about, numbers: [1, 2],
    "a text": lambda about, numbers: "head",
    "empty": lambda about, numbers: {},
    "without task": drop("task"),
    "without classes": drop("classes"),
    "without encoder": drop("encoder"),
    "one field too many": put(more=1),
    "unknown head": put(head="../magic\x1b[31m"),
    "head is a list": put(head=["xiao"]),
    "another head": put(head="stack"),
    "task is a list": put(task=[3]),
    "task without a field": lambda about, numbers: {**about, "task": {"classes": 3}},
    "task with another field": put_task(evil=1),
    "several": put_task(several=True),
    "several is a text": put_task(several="no"),
    "no classes": put_task(classes=0),
    "negative classes": put_task(classes=-3),
    "classes as decimals": put_task(classes=3.0),
    "very many classes": put_task(classes=10**12),
    "many classes": put_task(classes=9_000_000),
    "many new classes": put_task(new=9_000_000),
    "new is true": put_task(new=True),
    "very many features": put(features=10**15),
    "many features": put(features=9_999_999),
    "no features": put(features=0),
    "many directions": put(directions=9_999_999),
    "many per class": put(per_class=9_999_999),
    "features are a text": put(features="6"),
    "features are null": put(features=None),
    "classes are one text": put(classes="abc"),
    "classes are numbers": put(classes=[1, 2, 3]),
    "classes are the same": put(classes=["ant", "ant", "ant"]),
    "a class too few": put(classes=["ant", "bee"]),
    "encoder is an object": put(encoder={}),
    "crawl is null": put(crawl=None),
    "no number": put_number("inputs.mean", torch.full((6,), float("nan"))),
    "endless": put_number("inputs.tau", torch.tensor(float("inf"))),
    "no temperature": put_number("inputs.tau", torch.tensor(0.0)),
    "other numbers": put_number("evil", torch.zeros(3)),
    "another shape": put_number("inputs.mean", torch.zeros(7)),
    "another type": put_number("inputs.mean", torch.zeros(6, dtype=torch.float64)),
    "a number is gone": drop_number("inputs.tau"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_head_is_refused_in_a_sentence(crawl: Path, tmp_path: Path, name: str) -> None:
    result = apply(crawl, forge(crawl, tmp_path, FORGED[name]), tmp_path)
    assert result.exit_code == 2, result.output
    assert "holds no head that this version of curate can use" in result.stderr
    assert "train it again without --apply" in " ".join(result.stderr.split())
    assert "\x1b" not in result.stderr
    assert len(result.stderr) < 600
    assert not (tmp_path / "r.parquet").exists()


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"a": ' + "9" * 5_000 + "}", "\x00"])
@pytest.mark.parametrize("file", ["head.json", "numbers.safetensors", "receipt.json"])
def test_files_that_are_no_such_files_are_refused(
    crawl: Path, tmp_path: Path, file: str, text: str
) -> None:
    shutil.copytree(crawl / "head", tmp_path / "head")
    contents: dict[str, Any] = {
        file: lambda path: path.write_text(text),
        **{
            other.name: lambda path, other=other: shutil.copy(other, path)
            for other in (crawl / "head").iterdir()
            if other.name not in (file, "receipt.json")
        },
    }
    Folders(tmp_path).write("forged", contents)
    if file == "receipt.json":
        (tmp_path / "forged" / file).write_text(text)
    result = apply(crawl, tmp_path / "forged", tmp_path)
    assert result.exit_code == 2, result.output
    assert "report" not in result.stderr
    assert len(result.stderr) < 900


def test_sizes_are_not_believed_beyond_what_the_file_holds(
    crawl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    zeros = torch.zeros

    def counted(*shape: Any, **options: Any) -> torch.Tensor:
        values = zeros(*shape, **options)
        if values.device.type != "meta":
            made.append(values.numel())
        return values

    monkeypatch.setattr(torch, "zeros", counted)
    folder = forge(crawl, tmp_path, put_task(classes=9_000_000))
    assert apply(crawl, folder, tmp_path).exit_code == 2
    assert sum(made) < 1_000_000


def test_numbers_that_compute_to_no_number_are_not_written(crawl: Path, tmp_path: Path) -> None:
    def huge(about: About, numbers: Numbers) -> None:
        for name, values in numbers.items():
            if name.endswith("weight"):
                numbers[name] = values * 0 + 3e38

    result = apply(crawl, forge(crawl, tmp_path, huge), tmp_path)
    assert result.exit_code == 2, result.output
    assert "NaN or infinity" in result.stderr
    assert not (tmp_path / "r.parquet").exists()


def test_a_head_of_other_labels_is_refused(crawl: Path, tmp_path: Path) -> None:
    turned = apply(crawl, forge(crawl, tmp_path, put(classes=["bee", "ant", "cat"])), tmp_path)
    assert turned.exit_code == 2
    assert "the order is another" in turned.stderr


def test_the_encoder_that_a_head_names_is_printed_as_text(crawl: Path, tmp_path: Path) -> None:
    name = "\x1b]0;owned\x07[bold]x[/bold]" + "y" * 5_000
    result = apply(crawl, forge(crawl, tmp_path, put(encoder=name)), tmp_path)
    assert result.exit_code == 0, result.output
    assert "\x1b" not in result.output
    assert "\x07" not in result.output
    assert "[bold]x[/bold]" in result.output
    assert "y" * 100 not in result.output
