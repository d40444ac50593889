"""Names of files, columns, labels, keys and strategies do nothing to the terminal."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import Result

from tests.crawls import curate

ROWS = 60
ODD = "\x1b[31m[bold red]\u202e\x07"
"""An escape sequence, rich's markup, a right-to-left override and a bell."""
LABEL, KEY = f"label{ODD}", f"key{ODD}"
LABELS = [f"{word}{ODD}" for word in ("ant", "bee", "cat")]


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("terminal") / f"folder{ODD}"
    folder.mkdir()
    rng = np.random.default_rng(0)
    features = np.eye(8)[np.arange(ROWS) % 3] + rng.normal(0, 0.1, (ROWS, 8))
    features[[7, 9]] = np.nan
    np.save(folder / "features.npy", features.astype(np.float32))
    given = [LABELS[(row + (row % 10 == 4)) % 3] for row in range(ROWS)]
    keys = [f"{row}{ODD}" for row in range(ROWS)]
    table = {KEY: keys, LABEL: given, f"more{ODD}": given}
    pl.DataFrame(table).write_parquet(folder / f"crawl{ODD}.parquet")
    edges = [(label, f"top{ODD}") for label in LABELS]
    pl.DataFrame(edges, ["child", "parent"], orient="row").write_csv(folder / f"edges{ODD}.csv")
    answers = {
        "key": [*keys[:30], f"nowhere{ODD}"],
        "label": [*(LABELS[row % 3] for row in range(30)), LABELS[0]],
        "strategy": [f"strategy{ODD}"] * 31,
    }
    pl.DataFrame(answers).write_parquet(folder / f"verified{ODD}.parquet")
    assert weigh(folder).exit_code == 0
    return folder


def weigh(folder: Path, *options: object) -> Result:
    path, features = folder / f"crawl{ODD}.parquet", folder / "features.npy"
    graph = ("--graph", f"hierarchy:{folder}/edges{ODD}.csv", "--embeddings", features)
    return curate("weight", path, *graph, "--label", LABEL, "--key", KEY, *options)


def check(result: Result, code: int = 0) -> None:
    assert result.exit_code == code, result.output
    for mark in ("\x1b", "\u202e", "\x07"):
        assert mark not in result.output.encode("utf-8", "surrogateescape").decode()
    assert "[bold red]" in result.output


def test_every_command(crawl: Path) -> None:
    out, verified = crawl / f"crawl{ODD}.weighted.parquet", crawl / f"verified{ODD}.parquet"
    check(weigh(crawl, "--overwrite", "--verified", verified))
    check(weigh(crawl, "--overwrite"))
    check(curate("inspect", out))
    check(curate("inspect", out, "--key", f"7{ODD}"))
    check(curate("inspect", out, "--key", f"8{ODD}"))
    check(curate("inspect", out, "--class", LABELS[0]))
    check(curate("refine", out, "--verified", verified, "--epochs", 1))
    check(curate("report", out, "--overwrite"))
    check(curate("export", out, "--to", "csv", "--out", crawl / f"x{ODD}.csv"))
    check(curate("verify", "--merge", verified, verified, "--out", crawl / f"m{ODD}.parquet"))
    graph = ("--graph", f"hierarchy:{crawl}/edges{ODD}.csv", "--label", LABEL)
    check(curate("graph", crawl / f"crawl{ODD}.parquet", *graph))


def test_every_refusal(crawl: Path) -> None:
    path, out = crawl / f"crawl{ODD}.parquet", crawl / f"crawl{ODD}.weighted.parquet"
    check(weigh(crawl), 2)
    check(curate("weight", path), 2)
    check(curate("weight", path, "--label", f"none{ODD}"), 2)
    check(curate("weight", path, "--label", LABEL, "--encoder", f"onnx:{ODD}"), 2)
    check(curate("weight", path, "--label", LABEL, "--graph", f"matrix:{ODD}.npz"), 2)
    check(curate("weight", path, "--classes", path, "--label", LABEL), 2)
    check(curate("inspect", path), 2)
    check(curate("inspect", out, "--key", f"none{ODD}"), 2)
    check(curate("inspect", out, "--class", f"none{ODD}"), 2)
    check(curate("refine", out, "--verified", path), 2)
    check(curate("refine", out, "--verified", crawl / f"none{ODD}.csv"), 2)
    check(curate("refine", out, "--apply", crawl), 2)
    check(curate("export", out, "--to", f"paper{ODD}", "--out", "x"), 2)
    check(curate("report", crawl / f"none{ODD}.parquet"), 2)
    check(curate("verify", "--merge", path, path, "--out", crawl / "z.parquet"), 2)


def test_long_texts_fill_no_screen(tmp_path: Path) -> None:
    long = "x" * 100_000
    labels = [f"{word}{long}" for word in ("ant", "bee")] * 20
    keys = [f"{row}{long}" for row in range(40)]
    columns = {"key": keys, "label": labels, "caption": [long] * 40}
    pl.DataFrame(columns).write_parquet(tmp_path / "crawl.parquet")
    features = np.random.default_rng(0).normal(size=(40, 8)) + 9 * np.eye(8)[np.arange(40) % 2]
    np.save(tmp_path / "x.npy", features)
    line = ("weight", tmp_path / "crawl.parquet", "--embeddings", tmp_path / "x.npy")
    out = tmp_path / "crawl.weighted.parquet"
    for done in (
        curate(*line, "--graph", "none"),
        curate("inspect", out, "--class", labels[0]),
        curate("inspect", out, "--key", keys[3]),
        curate("inspect", out, "--key", long),
        curate(*line, "--label", long),
    ):
        assert done.exit_code in (0, 2), done.output
        assert 0 < len(done.output) < 30_000
