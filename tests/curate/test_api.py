"""The commands as functions."""

import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import cli
import curate
from curate.api import export_options, refine_options, weight_options
from curate.errors import CurateError
from curate.options.export import ExportOptions
from curate.options.refine import RefineOptions
from curate.options.weight import WeightOptions

OF_THE_COMMAND_LINE = {"manifest", "weighted", "debug"}


def defaults(command: object) -> dict[str, object]:
    """Give the options of a command with their defaults."""
    parameters = inspect.signature(command).parameters.values()  # type: ignore[arg-type]
    options = {p.name: p.default for p in parameters if p.name not in OF_THE_COMMAND_LINE}
    required = {name: f"{name}.csv" for name, value in options.items() if value is inspect._empty}
    return options | required


def test_keywords_are_the_options_of_the_command_line() -> None:
    assert weight_options("x", defaults(cli.weight)) == WeightOptions(Path("x"))
    options = defaults(cli.export) | {"rename": {}}
    made = export_options("x", options)
    assert made == ExportOptions(made.weighted, "to.csv", Path("out.csv"))
    refined = refine_options("x", defaults(cli.refine))
    assert refined == RefineOptions(refined.weighted)
    with pytest.raises(TypeError, match=r"curate.weight\(\) has no option 'alfa'"):
        weight_options("x", {"alfa": 1})
    with pytest.raises(TypeError, match=r"curate.export\(\) has no option 'alpha'"):
        export_options("x", {"alpha": 1, "to": "csv", "out": "x.csv"})


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
    assert callable(curate.export)
    assert callable(curate.embeddings)
    assert callable(curate.refine), "no module takes the name of a function"


def test_importing_curate_imports_nothing_heavy() -> None:
    heavy = "('torch', 'polars', 'pyarrow', 'numpy', 'rich')"
    code = f"import sys, curate; print([n for n in {heavy} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
