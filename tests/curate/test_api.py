"""The commands as functions."""

import inspect
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

import cli
import curate
from curate.errors import CurateError
from curate.options.duplicates import DuplicatesOptions
from curate.options.embed import EmbedOptions
from curate.options.export import ExportOptions
from curate.options.inspect import InspectOptions
from curate.options.paths import Array, Table
from curate.options.refine import RefineOptions
from curate.options.report import ReportOptions
from curate.options.show_graph import ShowOptions
from curate.options.weight import WeightOptions

FUNCTIONS = {
    "weight": WeightOptions,
    "embed": EmbedOptions,
    "inspect": InspectOptions,
    "duplicates": DuplicatesOptions,
    "refine": RefineOptions,
    "report": ReportOptions,
    "export": ExportOptions,
    "graph": ShowOptions,
}
OPTIONS = {"as_json": "--json", "given": "--class"}
IN_PYTHON_ONLY = {"weight": ["labels"]}
OF_THE_COMMAND_LINE = {"debug", "help_all", "quiet", "cache_dir", "cache_size"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_keywords_are_the_options_of_the_command_line(name: str) -> None:
    parameters = dict(inspect.signature(getattr(curate, name)).parameters)
    for keyword in IN_PYTHON_ONLY.get(name, ()):
        parameters.pop(keyword)
    assert list(parameters) == [field.name for field in fields(FUNCTIONS[name])]
    kinds = {parameter.kind for parameter in parameters.values()}
    assert kinds <= {inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    typed = inspect.signature(getattr(cli, name)).parameters
    assert set(typed) - OF_THE_COMMAND_LINE == set(parameters)
    help_text = (
        CliRunner()
        .invoke(
            cli.app,
            [name, "--help-all" if "help_all" in typed else "--help"],
            env={"COLUMNS": "200"},
        )
        .output
    )
    for option in list(parameters)[1:]:
        assert OPTIONS.get(option, f"--{option.replace('_', '-')}") in help_text
        assert f"\n{option}: " in getattr(curate, name).__doc__
    assert "--" not in getattr(curate, name).__doc__


def test_the_signature_says_types_and_defaults() -> None:
    parameters = inspect.signature(curate.weight).parameters
    assert parameters["manifest"].annotation == str | Path | Table
    assert parameters["embeddings"].annotation == str | Path | Array | None
    assert parameters["verified"].annotation == str | Path | Table | None
    assert parameters["alpha"].annotation is float
    assert parameters["alpha"].default == 1.2
    assert parameters["psi"].annotation == Literal["softmax", "l2"]
    assert parameters["out"].annotation == str | Path | None
    assert parameters["out"].default is None
    to = inspect.signature(curate.export).parameters["out"]
    assert (to.annotation, to.default) == (str | Path, inspect.Parameter.empty)


def test_an_unknown_keyword_is_named() -> None:
    with pytest.raises(TypeError, match=r"curate.weight\(\) has no option 'alfa'"):
        curate.weight("x", alfa=1)
    with pytest.raises(TypeError, match=r"curate.export\(\) has no option 'alpha'"):
        curate.export("x", alpha=1, to="csv", out="x.csv")
    with pytest.raises(TypeError, match="'out'"):
        curate.export("x", to="csv")


def test_a_value_of_another_type_is_named() -> None:
    for options, words in (
        ({"alpha": "1.0"}, r"curate.weight\(\): alpha='1.0' is not what it takes: float"),
        ({"overwrite": "no"}, "overwrite='no' is not what it takes: bool"),
        ({"soft_labels": True}, "soft_labels=True is not what it takes"),
        ({"graph": None}, "graph=None is not what it takes: str"),
    ):
        with pytest.raises(TypeError, match=words):
            curate.weight("x", **options)
    with pytest.raises(TypeError, match="rename='weight=w' is not what it takes"):
        curate.export("x", to="csv", out="y.csv", rename="weight=w")
    with pytest.raises(TypeError, match=r"curate.weight\(\): give a path or a table first"):
        curate.weight()
    with pytest.raises(TypeError, match=r"curate.weight\(\): too many positional"):
        curate.weight("x", "y")
    with pytest.raises(CurateError, match="does not exist"):
        curate.weight(manifest="no.csv", alpha=1, tau_v=np.float32(0.1), rounds=np.int64(2))


def test_paths_may_be_text() -> None:
    chosen = WeightOptions(Path("x"), out="a/b.csv", verified=None)
    assert (chosen.out, chosen.verified) == (Path("a/b.csv"), None)
    assert chosen == WeightOptions(Path("x"), out=Path("a/b.csv"))
    assert ExportOptions(Path("x"), to="csv", out="y.csv").out == Path("y.csv")


def test_a_word_that_is_no_choice_is_refused() -> None:
    with pytest.raises(CurateError, match="psi=l1: it must be one of softmax, l2"):
        curate.weight("x", psi="l1")
    with pytest.raises(CurateError, match="keep=none: it must be one of all, weighted, clean"):
        curate.export("x", to="csv", out="y.csv", keep="none")


def test_three_lines(tmp_path: Path) -> None:
    labels = ["ab"[row % 2] for row in range(60)]
    pl.DataFrame({"label": labels}).write_csv(tmp_path / "crawl.csv")
    x = np.eye(4)[np.arange(60) % 2] + np.random.default_rng(0).normal(0, 0.2, (60, 4))
    np.save(tmp_path / "x.npy", x.astype(np.float32))
    options = {"embeddings": str(tmp_path / "x.npy"), "graph": "none", "gamma": 1.5}
    rows = curate.weight(tmp_path / "crawl.csv", **options, out=tmp_path / "w.parquet")
    assert isinstance(rows, pl.LazyFrame)
    assert rows.collect()["label"].to_list() == labels
    text = curate.weight(str(tmp_path / "crawl.csv"), **options).collect()
    assert text["weight"].cast(pl.Float32).equals(rows.collect()["weight"])
    done = curate.export(tmp_path / "w.parquet", to="csv", out=tmp_path / "o.csv", split="9/1")
    assert sum(done.parts.values()) == done.rows == len(pl.read_csv(tmp_path / "o.csv"))
    with pytest.raises(CurateError, match="exists; replace it"):
        curate.weight(tmp_path / "crawl.csv", **options)
    verified = pl.DataFrame({"key": [str(row) for row in range(20)], "label": labels[:20]})
    verified.write_csv(tmp_path / "verified.csv")
    options = {"verified": str(tmp_path / "verified.csv"), "head": "fine-tune", "epochs": 1}
    refined = curate.refine(tmp_path / "w.parquet", **options)
    told = refined.filter(pl.col("refined_weight") > 0).collect()
    out = tmp_path / "r.parquet"
    curate.export(tmp_path / "w.refined.parquet", to="parquet", out=out, labels="refined")
    left = pl.read_parquet(out)
    assert left["label"].equals(told["refined_label"])
    assert left["weight"].equals(told["refined_weight"])
    assert left["given_label"].equals(told["label"])
    assert all(callable(getattr(curate, name)) for name in curate.__all__), (
        "no module takes the name of a function"
    )


def test_importing_curate_imports_nothing_heavy() -> None:
    heavy = "('torch', 'polars', 'pyarrow', 'numpy', 'rich')"
    code = f"import sys, curate; print([n for n in {heavy} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_libraries_of_tables_that_nobody_gave_are_left_alone() -> None:
    code = """
import sys
sys.modules["datasets"] = None
import numpy as np, curate
x = np.eye(4)[np.arange(40) % 2] + np.random.default_rng(0).normal(0, 0.2, (40, 4))
rows = curate.weight(labels=["a", "b"] * 20, embeddings=x, graph="none")
print(len(rows), "curate.in_memory.pandas_frame" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("40 False\n", ""), "progress is for terminals"
