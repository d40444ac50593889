"""The functions that follow: refine, embeddings, report, inspect, duplicates, export, graph."""

import tempfile
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import curate
from curate.errors import CurateError
from tests.curate.in_memory.small_crawl import ADDED, NAMES, ROWS, WRONG, features, labels, weigh

TRUE = [NAMES[row % 2] for row in range(ROWS)]
REFINED = {"head": "fine-tune", "epochs": 1}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def verified() -> pd.DataFrame:
    return pd.DataFrame({"key": [str(row) for row in range(40)], "label": TRUE[:40]})


def test_refine_and_embeddings_go_on_from_the_run_folder(here: Path) -> None:
    frame = pd.DataFrame({"label": labels(), "what": [object()] * ROWS}, index=range(100, 160))
    rows = weigh(frame, run_dir="work")
    refined = curate.refine(rows, verified=verified(), run_dir="work", **REFINED)
    assert list(refined.columns[:13]) == list(rows.columns)
    pd.testing.assert_frame_equal(refined[rows.columns], rows)
    assert refined["refined_label"].isin(NAMES).all()
    assert refined["refined_classes"].iloc[0] in (["cat", "dog"], ["dog", "cat"])
    x = curate.embeddings(refined, run_dir="work")
    wanted = features() / np.linalg.norm(features(), axis=1, keepdims=True)
    assert np.allclose(x, wanted, atol=1e-3)
    assert [path.name for path in here.iterdir()] == ["work"]
    again = weigh(pl.from_pandas(frame[["label"]]), run_dir="work")
    assert np.array_equal(curate.embeddings(again, run_dir="work"), x)
    with pytest.raises(CurateError, match="the pandas DataFrame has 10 rows, and the run in work"):
        curate.refine(rows.head(10), verified=verified(), run_dir="work", **REFINED)


def test_without_the_run_folder_refine_says_how_to_keep_it() -> None:
    rows = weigh(pl.DataFrame({"label": labels()}))
    for call in (curate.refine, curate.embeddings):
        words = (
            r"work of the run that weighed the polars DataFrame; keep it with weight\(\.\.\., run"
        )
        with pytest.raises(CurateError, match=words):
            call(rows)


def test_nothing_is_left_without_a_run_folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(here / "tmp"))
    rows = weigh(pl.DataFrame({"label": labels()}))
    with pytest.raises(CurateError):
        weigh(pl.DataFrame({"label": ["cat"] * ROWS}))
    curate.inspect(rows, as_json=True)
    assert [*(here / "tmp").iterdir()] == []
    assert [path.name for path in here.iterdir()] == ["tmp"]


def test_kept_work_is_used_again(here: Path) -> None:
    table = pl.DataFrame({"label": labels()})
    first = weigh(table, run_dir="work")
    seen = {path: path.stat().st_mtime_ns for path in (here / "work").rglob("*.npy")}
    assert weigh(table, run_dir="work").equals(first)
    assert {path: path.stat().st_mtime_ns for path in (here / "work").rglob("*.npy")} == seen
    others = curate.weight(table, embeddings=features()[::-1].copy(), graph="none", run_dir="work")
    assert not others.equals(first)


def test_a_path_takes_arrays_and_tables_too(here: Path) -> None:
    keys = [str(row) for row in range(ROWS)]
    pl.DataFrame({"label": labels(), "key": keys}).write_parquet("crawl.parquet")
    rows = curate.weight(
        "crawl.parquet", embeddings=features(), graph="none", verified=verified(),
        classes=pa.table({"label": [*NAMES], "name": ["a cat", "a dog"]}),
    ).collect()  # fmt: skip
    assert rows.columns == ["label", "key", *ADDED]
    assert np.allclose(
        curate.embeddings("crawl.weighted.parquet"),
        features() / np.linalg.norm(features(), axis=1, keepdims=True), atol=1e-3,
    )  # fmt: skip
    assert {path.name for path in here.iterdir()} == {
        "crawl.parquet", "crawl.weighted.parquet", "crawl.parquet.curate"
    }  # fmt: skip
    refined = curate.refine(
        "crawl.weighted.parquet", verified=pl.from_pandas(verified()), **REFINED
    )
    assert isinstance(refined, pl.LazyFrame)


def test_verified_rows_of_a_table_have_its_keys() -> None:
    words = r"the table verified= has no column 'row', and the polars DataFrame has no key"
    with pytest.raises(CurateError, match=words):
        weigh(pl.DataFrame({"label": labels()}), verified=verified())


def test_report_inspect_and_duplicates(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = pd.DataFrame({"label": labels(), "id": range(500, 500 + ROWS), "what": object()})
    rows = weigh(frame)
    assert capsys.readouterr() == ("", ""), "nothing is printed where nothing is odd"
    page = curate.report(rows)
    assert (page, page.is_file()) == (Path("report.html"), True)
    assert "pandas DataFrame" in page.read_text()
    with pytest.raises(CurateError, match="overwrite=True or name another file with out="):
        curate.report(rows)
    curate.report(rows, out="other.html", title="Mine")
    assert "Mine" in Path("other.html").read_text()
    facts = curate.inspect(rows, as_json=True, limit=3)
    assert {each["key"] for each in facts["samples"]} == {str(500 + row) for row in WRONG}
    assert curate.duplicates(rows, as_json=True)["found"] == 0
    assert capsys.readouterr() == ("", "")
    assert curate.inspect(rows) is None
    assert "503" in capsys.readouterr().out
    assert curate.duplicates(rows) is None
    assert "No row shows what another row shows." in capsys.readouterr().out


def test_export_writes_every_column(here: Path) -> None:
    frame = pl.DataFrame({"label": labels(), "id": range(ROWS), "size": [2.5] * ROWS})
    rows = weigh(frame, prefix="my_")
    done = curate.export(rows, to="parquet", out="out.parquet", keep="all", prefix="my_")
    assert done.rows == ROWS
    assert {"id", "label", "size", "my_weight"} <= set(pl.read_parquet("out.parquet").columns)
    odd = weigh(pd.DataFrame({"label": labels(), "what": [object()] * ROWS}))
    with pytest.raises(CurateError, match="the pandas DataFrame: column 'what' holds objects of"):
        curate.export(odd, to="csv", out="out.csv")


def test_a_table_that_is_not_weighed() -> None:
    for call in (curate.inspect, curate.report, curate.duplicates):
        words = "the polars DataFrame has no column 'label_quality'; give what .curate weight"
        with pytest.raises(CurateError, match=words):
            call(pl.DataFrame({"label": labels()}))


def test_graph_of_a_table_or_a_path(here: Path) -> None:
    pl.DataFrame({"label": labels()}).write_csv("crawl.csv")
    ours = datasets.Dataset.from_dict({"label": labels()})
    for source in (ours, "crawl.csv"):
        found = curate.graph(source, graph="wordnet", run_dir="work", out="map.png")
        assert found.labels == NAMES and list(found.matrices) == ["wordnet"]
        assert found.total.shape == (2, 2) and found.total[0, 0] == 1
        assert Path("map.png").is_file()
    assert np.array_equal(curate.graph(ours).total, found.total)


def test_what_is_no_table() -> None:
    for value in (None, 3, ["a"], {"label": labels()}, pd.Series(labels())):
        with pytest.raises(TypeError, match=r"curate.weight\(\) takes a path, a table of"):
            curate.weight(value)
    with pytest.raises(TypeError, match=r"curate.report\(\) takes a path.*of type int"):
        curate.report(3)


def test_options_of_files_are_refused() -> None:
    table = pl.DataFrame({"label": labels()})
    for keywords in ({"out": "x.parquet"}, {"slim": True}, {"overwrite": True}):
        with pytest.raises(CurateError, match="is for a path; the polars DataFrame is given back"):
            weigh(table, **keywords)
    with pytest.raises(CurateError, match=r"refine\(out=\) is for a path"):
        curate.refine(weigh(table, run_dir="work"), out="x.parquet", run_dir="work")


def test_a_name_that_is_taken() -> None:
    table = pl.DataFrame({"label": labels(), "weight": 1.0})
    with pytest.raises(
        CurateError, match=r"polars DataFrame already has a column 'weight'.*prefix="
    ):
        weigh(table)
    assert weigh(table, prefix="our_").columns[-1] == "our_duplicates"
    assert weigh(table, no_duplicates=True, prefix="our_").columns[-1] == "our_status"


@pytest.mark.parametrize(
    "kind",
    [pl.DataFrame, lambda given: pl.LazyFrame(given), pd.DataFrame, pa.table,
     datasets.Dataset.from_dict],
)  # fmt: skip
def test_a_weighed_table_knows_how_its_columns_were_named(here: Path, kind: Any) -> None:
    rows = kind({"what": labels(), "number": list(range(ROWS))})
    rows = weigh(rows, label="what", key="number", prefix="c_", run_dir="work")
    summary = curate.inspect(rows, as_json=True)
    assert summary["summary"]["rows"] == ROWS
    curate.report(rows)
    exported = curate.export(rows, to="csv", out="out.csv", keep="all")
    assert exported.rows == ROWS
    assert pl.read_csv("out.csv")["number"].to_list() == list(range(ROWS))
    answers = verified().rename(columns={"label": "what", "key": "number"})
    refined = curate.refine(rows, verified=answers, run_dir="work", **REFINED)
    assert len(curate.embeddings(refined, run_dir="work")) == ROWS
    assert curate.inspect(refined, as_json=True)["summary"]["rows"] == ROWS


def test_what_a_call_names_itself_counts_and_other_tables_are_asked_for_names() -> None:
    frame = pl.DataFrame({"what": labels(), "other": ["ant", "bee"] * (ROWS // 2)})
    rows = weigh(frame, label="what")
    found = curate.inspect(rows, as_json=True, label="other")
    assert {each["label"] for each in found["classes"]} == {"ant", "bee"}
    with pytest.raises(CurateError, match="has no label column; name it with label="):
        curate.inspect(rows.head(30))


def test_a_file_that_was_weighed_is_known_too(here: Path) -> None:
    pl.DataFrame({"what": labels()}).write_parquet("crawl.parquet")
    rows = weigh("crawl.parquet", label="what")
    assert curate.inspect(rows, as_json=True)["summary"]["rows"] == ROWS


def test_the_senses_of_classes_are_said_to_be_where_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    frame = pl.DataFrame({"label": ["crane" if name == "cat" else name for name in labels()]})
    curate.weight(frame, embeddings=features())
    said = " ".join(capsys.readouterr().err.split())
    assert "run_dir= keeps them all; set others with classes=." in said
    curate.weight(frame, embeddings=features(), run_dir="work")
    said = " ".join(capsys.readouterr().err.split())
    assert "all are in work/classes.csv; set others with classes=." in said
    assert Path("work/classes.csv").exists()
