"""An output says itself what made it; what is run later, or fails, changes nothing of that."""

import html
import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

from curate.weighted.origin import read_origin, sidecar
from tests.crawls import curate

ROWS = 60
LABELS = ("ant", "bee", "cat")


def crawl(folder: Path, ending: str = ".parquet") -> Path:
    """Write a crawl with two columns of labels, and features.npy."""
    rng = np.random.default_rng(0)
    true = np.arange(ROWS) % 3
    features = np.eye(8)[true] + rng.normal(0, 0.1, (ROWS, 8))
    np.save(folder / "features.npy", features.astype(np.float32))
    given = np.where(np.arange(ROWS) % 10 == 4, (true + 1) % 3, true)
    table = pl.DataFrame(
        {
            "key": [f"k{row}" for row in range(ROWS)],
            "label": [LABELS[c] for c in given],
            "colour": [f"colour {c}" for c in true],
        }
    )
    path = folder / f"crawl{ending}"
    write = {".parquet": table.write_parquet, ".csv": table.write_csv, ".jsonl": table.write_ndjson}
    write[ending](path)
    return path


def weigh(path: Path, *options: object) -> None:
    features = ("--embeddings", path.parent / "features.npy", "--graph", "none")
    result = curate("weight", path, *features, *options)
    assert result.exit_code == 0, result.output


def report(out: Path) -> str:
    result = curate("report", out, "--out", out.parent / "page.html", "--overwrite")
    assert result.exit_code == 0, result.output
    return html.unescape((out.parent / "page.html").read_text("utf-8"))


def said(out: Path) -> dict[str, object]:
    result = curate("inspect", out, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".jsonl"])
def test_runs_that_follow_or_fail_change_nothing_that_is_said(tmp_path: Path, ending: str) -> None:
    path, out = crawl(tmp_path, ending), tmp_path / f"first{ending}"
    weigh(path, "--alpha", 0.9, "--out", out)
    page, before = report(out), said(out)
    assert "--alpha 0.9" in page
    assert before["made"][0]["options"]["alpha"] == 0.9
    assert before["summary"]["noise"] > 0
    other = ("--label", "colour", "--prototypes-per-class", 2)
    weigh(path, *other, "--out", tmp_path / f"second{ending}")
    failed = curate("weight", path, "--alpha", 0.7, "--out", out, "--label", "nothing")
    assert failed.exit_code == 2
    assert report(out) == page
    assert said(out) == before
    assert "--prototypes-per-class 2" in report(tmp_path / f"second{ending}")


def test_the_command_in_the_output_makes_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = crawl(tmp_path)
    weigh(path, "--gamma", 3.5, "--prefix", "my_", "--slim")
    out = tmp_path / "crawl.weighted.parquet"
    before, (made,) = out.read_bytes(), read_origin(out).made
    assert made.command == (
        "curate weight crawl.parquet --embeddings features.npy --graph none --slim --prefix my_"
        " --gamma 3.5"
    )
    assert made.options["verified_use"] == "both"
    assert "numpy" in made.versions
    monkeypatch.chdir(tmp_path)
    shutil.rmtree(tmp_path / "crawl.parquet.curate")
    assert curate(*made.command.split()[1:], "--overwrite").exit_code == 0
    assert out.read_bytes() == before


def test_refine_adds_itself_to_what_made_the_file(tmp_path: Path) -> None:
    path = crawl(tmp_path, ".csv")
    weigh(path)
    pl.read_csv(path).head(30).select("key", "label").write_csv(tmp_path / "verified.csv")
    out = tmp_path / "crawl.weighted.csv"
    done = curate("refine", out, "--verified", tmp_path / "verified.csv", "--epochs", 1)
    assert done.exit_code == 0, done.output
    first, second = read_origin(tmp_path / "crawl.refined.csv").made
    assert first.command.startswith("curate weight crawl.csv ")
    assert second.command == ("curate refine crawl.weighted.csv --verified verified.csv --epochs 1")
    assert "curate refine crawl.weighted.csv" in report(tmp_path / "crawl.refined.csv")


def test_the_file_beside_a_csv_speaks_of_no_other_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, out = crawl(tmp_path, ".csv"), tmp_path / "crawl.weighted.csv"
    weigh(path, "--alpha", 0.9)
    old = out.read_bytes()
    replace = Path.replace

    def killed(self: Path, target: Path) -> Path:
        """Die when the new output is about to take its place, after the file beside it did."""
        if target == out:
            raise KeyboardInterrupt
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        features = ("--embeddings", tmp_path / "features.npy", "--graph", "none")
        stopped = curate("weight", path, *features, "--alpha", 1.1, "--overwrite")
        assert stopped.exit_code == 130
    assert out.read_bytes() == old
    assert read_origin(out) is None
    assert "does not say how it was made" in report(out)
    weigh(path, "--alpha", 1.1, "--overwrite")
    assert read_origin(out).made[0].options["alpha"] == 1.1


def test_a_csv_that_was_moved_alone_is_still_read(tmp_path: Path) -> None:
    path = crawl(tmp_path, ".csv")
    weigh(path)
    moved = tmp_path / "moved" / "crawl.weighted.csv"
    moved.parent.mkdir()
    (tmp_path / "crawl.weighted.csv").rename(moved)
    found = said(moved)
    assert (found["made"], found["summary"]["rows"]) == ([], ROWS)
    shutil.move(sidecar(tmp_path / "crawl.weighted.csv"), sidecar(moved))
    assert len(said(moved)["made"]) == 1


@pytest.mark.parametrize(
    "facts", ["{", "[]", '{"sha256": 1}', '{"manifest": 3, "run": [], "root": {}, "columns": 2}']
)
def test_a_damaged_file_beside_a_csv_says_nothing(tmp_path: Path, facts: str) -> None:
    path = crawl(tmp_path, ".csv")
    weigh(path)
    sidecar(tmp_path / "crawl.weighted.csv").write_text(facts)
    assert said(tmp_path / "crawl.weighted.csv")["made"] == []


def test_a_csv_that_stands_alone_outlives_a_run_with_another_label(tmp_path: Path) -> None:
    """It is guessed to be of the last run in its folder, which judged other classes."""
    path, out = crawl(tmp_path, ".csv"), tmp_path / "crawl.weighted.csv"
    (tmp_path / "edges.csv").write_text("child,parent\ncolour 0,x\ncolour 1,x\ncolour 2,x\n")
    weigh(path)
    sidecar(out).unlink()
    graph = f"hierarchy:{tmp_path / 'edges.csv'}"
    other = ("--label", "colour", "--graph", graph, "--out", tmp_path / "other.csv")
    weigh(path, *other)
    page = report(out)
    assert "does not say how it was made" in page
    assert 'id="relations"' not in page


@pytest.mark.parametrize("to", ["parquet", "csv", "jsonl"])
def test_an_export_says_what_made_it(tmp_path: Path, to: str) -> None:
    weigh(crawl(tmp_path))
    out = tmp_path / f"out.{to}"
    done = curate(
        "export", tmp_path / "crawl.weighted.parquet", "--to", to, "--out", out, "--keep", "all"
    )
    assert done.exit_code == 0, done.output
    if to == "parquet":
        said = json.loads(pq.read_schema(out).metadata[b"curate"])
    else:
        said = json.loads(sidecar(out).read_text())
    first, last = said["made"]
    assert first["command"].startswith("curate weight crawl.parquet ")
    assert last["command"] == (
        f"curate export crawl.weighted.parquet --to {to} --out {out.name} --keep all"
    )
    assert last["options"]["keep"] == "all"
    assert "polars" in last["versions"]
