"""`--out x.csv` holds no formulas, and curate reads it as what it was; as a user runs it."""

import csv
from pathlib import Path

import numpy as np
import polars as pl
from typer.testing import CliRunner

import curate
from cli import app

ROWS, NAMES = 120, ("=blue", "-green", "red")


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "300"})
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def draw(folder: Path) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    true = np.arange(ROWS) % 3
    given = np.where(rng.random(ROWS) < 0.2, (true + 1) % 3, true)
    np.save(folder / "x.npy", np.eye(12)[true] + rng.normal(0, 0.1, (ROWS, 12)))
    return pl.DataFrame(
        {
            "key": [f"{'-@k'[row % 3]}{row:03d}x" for row in range(ROWS)],
            "label": [NAMES[c] for c in given],
            "caption": ["=HYPERLINK(0)", "-5", "plain", None][:4] * (ROWS // 4),
            "=more": ["'=as it was"] * ROWS,
            "true": [NAMES[c] for c in true],
        }
    )


def cells_of(path: Path) -> list[str]:
    with path.open(newline="") as file:
        return [cell for row in csv.reader(file) for cell in row]


def is_plain(cell: str) -> bool:
    return cell[:1] not in tuple("=+-@\t\r") or cell.lstrip("+-").replace(".", "").isdigit()


def test_no_cell_is_a_formula_and_all_is_read_as_it_was(tmp_path: Path) -> None:
    table = draw(tmp_path)
    table.write_csv(tmp_path / "crawl.csv")
    out, refined = tmp_path / "w.csv", tmp_path / "r.csv"
    run("weight", tmp_path / "crawl.csv", "--embeddings", tmp_path / "x.npy", "--graph", "none",
        "--out", out)  # fmt: skip
    weighted = pl.read_csv(out, infer_schema=False)
    weighted.head(60).select("key", label="true").write_csv(tmp_path / "v.csv")
    said = run("refine", out, "--verified", tmp_path / "v.csv", "--epochs", 2, "--out", refined)
    assert "keys that are not in the manifest" not in said
    for path in (out, refined):
        assert all(map(is_plain, cells_of(path)))
        assert {"'=blue", "'-green", "red", "-5", "'=HYPERLINK(0)", "''=as it was"} <= set(
            cells_of(path)
        )
    rows = pl.read_csv(refined, infer_schema=False)
    known = rows["key"].is_in(weighted["key"].head(60).implode())
    assert (rows["refined_label"] == rows["true"]).filter(known).all()
    assert "=blue" in run("inspect", out, "--key", "-000x")
    run("export", out, "--to", "parquet", "--keep", "all", "--out", tmp_path / "x.parquet")
    assert pl.read_parquet(tmp_path / "x.parquet").select(table.columns).equals(table)


def test_the_function_gives_what_was_read(tmp_path: Path) -> None:
    table = draw(tmp_path)
    table.write_parquet(tmp_path / "crawl.parquet")
    options = {"embeddings": tmp_path / "x.npy", "graph": "none", "out": tmp_path / "w.csv"}
    rows = curate.weight(tmp_path / "crawl.parquet", **options)
    assert rows.select(table.columns).collect().equals(table)


def test_the_list_of_classes_is_plain_and_can_be_given_again(tmp_path: Path) -> None:
    table = draw(tmp_path)
    table.write_csv(tmp_path / "crawl.csv")
    weigh = ("weight", tmp_path / "crawl.csv", "--embeddings", tmp_path / "x.npy", "--overwrite")
    run(*weigh)
    classes = tmp_path / "crawl.csv.curate" / "classes.csv"
    assert all(map(is_plain, cells_of(classes)))
    run(*weigh, "--classes", classes)
