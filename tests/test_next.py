"""Each command that is printed as the next one works when it is pasted."""

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import Result

from curate.commands.verify import next_command
from curate.options.verify import VerifyOptions
from curate.verify.answers import open_answers
from tests.crawls import curate, plain_png

ROWS = 60
LABELS = ("ant", "bee", "cat")
ODD = ("--label", "what it is", "--key", "nr", "--caption", "said")
"""The columns have names that are not found of themselves."""
OPTIONS = {
    "plain": (),
    "prefix": ("--prefix", "my "),
    "run_dir": ("--run-dir", "some where"),
    "slim": ("--slim", "--prefix", "x_"),
    "no key": ("--key", "none"),
    "out": ("--out", "there/o w.ENDING", "--root", "."),
}


def crawl(folder: Path, ending: str, name: str = "my crawl") -> Path:
    rng = np.random.default_rng(0)
    true = np.arange(ROWS) % 3
    features = np.eye(8)[true] + rng.normal(0, 0.1, (ROWS, 8))
    np.save(folder / "features.npy", features.astype(np.float32))
    given = np.where(np.arange(ROWS) % 10 == 4, (true + 1) % 3, true)
    table = pl.DataFrame(
        {
            "nr": [f"k{row}" for row in range(ROWS)],
            "what it is": [LABELS[c] for c in given],
            "said": [f"a photo of {row}" for row in range(ROWS)],
        }
    )
    path = folder / f"{name}{ending}"
    write = {".parquet": table.write_parquet, ".csv": table.write_csv, ".jsonl": table.write_ndjson}
    write[ending](path)
    return path


def printed(result: Result) -> str:
    assert result.exit_code == 0, result.output
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("Next: ")]
    return line.removeprefix("Next: ")


def paste(line: str) -> str:
    """Run a command in a shell as it stands."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", line], env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{line}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("ending", [".parquet", ".csv", ".jsonl"])
def test_weight_and_refine(
    tmp_path: Path, ending: str, options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = crawl(Path(), ending)
    Path("there").mkdir()
    features = ("--embeddings", "features.npy", "--graph", "none")
    options = tuple(option.replace(".ENDING", ending) for option in options)
    weighed = curate("weight", path, *features, *ODD, *options)
    assert "60 in 3 classes" in paste(printed(weighed))
    out = Path(f"my crawl.weighted{ending}")
    if ending == ".csv" and not options:
        answers = {"key": [f"k{row}" for row in range(12)], "label": [*LABELS] * 4}
        pl.DataFrame(answers).write_csv("said.csv")
        refined = curate("refine", out, "--verified", "said.csv", "--epochs", 1)
        assert "60 in 3 classes" in paste(printed(refined))


def test_verify_hands_on_what_it_was_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A CSV that stands alone does not say which columns it has, nor which run weighed it."""
    monkeypatch.chdir(tmp_path)
    path = crawl(Path(), ".csv")
    run = ("--run-dir", "some where", "--prefix", "my ")
    features = ("--embeddings", "features.npy", "--graph", "none")
    assert curate("weight", path, *features, *ODD, *run).exit_code == 0
    Path("my crawl.weighted.csv.curate.json").unlink()
    options = VerifyOptions(
        [Path("my crawl.weighted.csv")],
        label="what it is",
        key="nr",
        prefix="my ",
        run_dir=Path("some where"),
    )
    with open_answers(options.output, "me", False) as answers:
        for row in range(12):
            answers.add(f"k{row}", LABELS[row % 3], LABELS[row % 3], "random")
    line = next_command(options)
    assert "On 12 verified rows" in paste(f"{line} --epochs 1")


@pytest.mark.parametrize("name", ["-crawl", "it's $HOME", "a\nb \x1b[31m", "größe"])
def test_names_of_files_survive_the_shell(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = crawl(Path(), ".parquet", name)
    features = ("--embeddings", "features.npy", "--graph", "none", "--label", "what it is")
    line = printed(curate("weight", f"./{path}", *features, "--key", "nr"))
    assert line.isprintable()
    assert "60 in 3 classes" in paste(line)


def test_embed_names_the_options_that_find_its_features(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = crawl(Path(), ".parquet")
    features = pl.Series("vector", np.load("features.npy").tolist(), dtype=pl.List(pl.Float32))
    table = pl.read_parquet(path).rename({"said": "embedding"})
    table.with_columns(features.alias("embedding")).write_parquet(path)
    line = printed(curate("embed", path, "--label", "what it is", "--run-dir", "some where"))
    assert line == "curate weight 'my crawl.parquet' --run-dir 'some where' --label 'what it is'"
    before = {file.stat().st_mtime_ns for file in Path("some where/features").rglob("*.json")}
    paste(f"{line} --graph none")
    after = {file.stat().st_mtime_ns for file in Path("some where/features").rglob("*.json")}
    assert before == after


def test_embed_of_what_was_weighed_names_other_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = crawl(Path(), ".parquet")
    features = pl.Series(np.load("features.npy").tolist(), dtype=pl.List(pl.Float32))
    table = pl.read_parquet(path).with_columns(embedding=features, weight=1.0)
    table.write_parquet(path)
    line = printed(curate("embed", path, "--label", "what it is"))
    assert line.endswith("--prefix curate_")
    paste(f"{line} --graph none")


@pytest.mark.parametrize("kind", ["folder", "tars", "lists"])
def test_other_forms_of_crawls(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [(f"{row:02d}", LABELS[row % 3]) for row in range(ROWS)]
    np.save("features.npy", (np.eye(8)[np.arange(ROWS) % 3] + 0.1).astype(np.float32))
    path = Path("my crawl")
    path.mkdir()
    if kind == "lists":
        table = {"key": [key for key, _ in rows], "label": [[label] for _, label in rows]}
        path = path / "crawl.jsonl"
        pl.DataFrame(table).write_ndjson(path)
    elif kind == "tars":
        with tarfile.open(path / "0.tar", "w") as tar:
            for key, label in rows:
                for ending, data in (("png", plain_png("red")), ("cls", label.encode())):
                    info = tarfile.TarInfo(f"{key}.{ending}")
                    info.size = len(data)
                    tar.addfile(info, io.BytesIO(data))
    else:
        for key, label in rows:
            (path / label).mkdir(exist_ok=True)
            (path / label / f"{key}.png").write_bytes(plain_png("red"))
    features = ("--embeddings", "features.npy", "--graph", "none")
    assert "60 in 3 classes" in paste(printed(curate("weight", path, *features)))


def test_what_is_there_is_replaced_by_the_printed_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = crawl(Path(), ".parquet")
    out = Path("my crawl.weighted.parquet")
    features = pl.Series("embedding", np.load("features.npy").tolist(), dtype=pl.List(pl.Float32))
    pl.read_parquet(path).with_columns(features).write_parquet(path)
    columns = ("--label", "what it is", "--key", "nr", "--workers", 1, "--device", "cpu")
    line = printed(curate("embed", path, *columns, "--retry-failed"))
    paste(f"{line} --graph none")
    line = printed(curate("embed", path, *columns))
    paste(f"{line} --graph none")
    options = VerifyOptions([out])
    with open_answers(options.output, "me", False) as answers:
        for row in range(12):
            answers.add(f"k{row}", LABELS[row % 3], LABELS[row % 3], "random")
    for _ in range(2):
        assert "On 12 verified rows" in paste(f"{next_command(options)} --head stack --epochs 1")
