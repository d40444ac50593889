"""`curate graph`, and `curate weight` with sums of graphs, as a user runs them."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from cli import app

LABELS = ["tabby", "tiger_cat", "minivan", "sports car", "sku-1", "sku-2"]
TITLES = {
    "tabby": "my sleepy house cat", "tiger_cat": "a striped cat on the sofa",
    "minivan": "family van for sale", "sports car": "fast red car for sale",
    "sku-1": "porcelain tea cup", "sku-2": "glazed coffee cup",
}  # fmt: skip


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("graphs")
    label = [LABELS[row % 6] for row in range(60)]
    rng = np.random.default_rng(0)
    centre = np.eye(6, 8)
    rows = [centre[row % 6] + 0.2 * rng.normal(size=8) for row in range(60)]
    table = {"label": label, "title": [TITLES[name] for name in label], "embedding": rows}
    schema = {"embedding": pl.List(pl.Float32)}
    pl.DataFrame(table, schema_overrides=schema).write_parquet(folder / "crawl.parquet")
    (folder / "edges.csv").write_text("child,parent\nsku-1,cup\nsku-2,cup\ncup,dishes\n")
    S = np.full((2, 2), 0.5)
    np.savez(folder / "s.npz", S=S, names=np.array(["minivan", "sports car"]))
    return folder


def curate(command: str, crawl: Path, *options: object) -> Result:
    arguments = [command, crawl / "crawl.parquet", *options]
    return CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "160"})


def relations(run: Path) -> dict[str, np.ndarray]:
    """Read every relation matrix of a run folder by its graph; '' is the sum."""
    found = {}
    for receipt in run.glob("graph/*/receipt.json"):
        facts = pl.read_json(receipt)
        graph = facts["graph"][0] if "graph" in facts.columns else ""
        found[graph] = np.load(receipt.parent / "relations.npy")
    return found


def test_the_nearest_classes_stand_side_by_side_and_the_heat_map_is_drawn(crawl: Path) -> None:
    edges, out = crawl / "edges.csv", crawl / "map.png"
    spec = f"wordnet+text:name+text:description+captions+hierarchy:{edges}"
    run = crawl / "all"
    result = curate("graph", crawl, "--graph", spec, "--out", out, "--run-dir", run)
    assert result.exit_code == 0, result.output
    for said in ("Nearest classes", "wordnet", "text:name", "captions", "sum", f"Heat map: {out}"):
        assert said in result.stdout
    with Image.open(out) as image:
        assert image.format == "PNG"

    order = sorted(LABELS)
    cat, tiger, sku1, sku2 = (order.index(x) for x in ("tabby", "tiger_cat", "sku-1", "sku-2"))
    S = relations(run)
    assert len(S) == 6
    hierarchy = S[f"hierarchy:{edges}"]
    assert hierarchy[sku1, sku2] == pytest.approx(1 / 3)
    assert np.isnan(hierarchy[cat]).all()
    assert np.isnan(S["wordnet"][sku1]).all()
    assert np.isnan(S["text:description"][sku1]).all()
    assert not np.isnan(S["text:name"]).any()
    assert not np.isnan(S[""]).any()
    for graph in ("wordnet", "text:description", "captions", ""):
        row = np.where(np.arange(6) == cat, -np.inf, np.nan_to_num(S[graph][cat], nan=-np.inf))
        assert row.argmax() == tiger, graph


def test_a_second_look_makes_nothing_again_and_a_limit_shortens_the_table(crawl: Path) -> None:
    options = ("--graph", "text:name", "--run-dir", crawl / "again")
    assert curate("graph", crawl, *options).exit_code == 0
    stamps = {f: f.stat().st_mtime_ns for f in (crawl / "again").rglob("receipt.json")}
    result = curate("graph", crawl, *options, "--limit", 2)
    assert stamps == {f: f.stat().st_mtime_ns for f in (crawl / "again").rglob("receipt.json")}
    assert "and 4 more classes" in result.stdout
    assert (crawl / "again" / "graph.png").is_file()


def test_an_lstm_relates_the_classes_too(crawl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphs.text_lstm.STEPS", 3)
    run = crawl / "lstm"
    options = ("--graph", "text", "--text-pooling", "lstm", "--run-dir", run)
    result = curate("graph", crawl, *options)
    assert result.exit_code == 0, result.output
    S = relations(run)["text"]
    np.testing.assert_allclose(S.diagonal(), 1)
    assert np.isfinite(S).all()


def test_weights_come_from_any_sum(crawl: Path) -> None:
    spec = f"text:name+hierarchy:{crawl / 'edges.csv'}+matrix:{crawl / 's.npz'}"
    out, run = crawl / "out.parquet", crawl / "weight"
    result = curate("weight", crawl, "--graph", spec, "--out", out, "--run-dir", run)
    assert result.exit_code == 0, result.output
    assert pl.read_parquet(out)["weight"].is_finite().all()
    assert set(relations(run)) == {*spec.split("+"), ""}
    assert "Not in WordNet" not in result.stderr


def test_the_users_names_and_descriptions_are_what_is_read(crawl: Path) -> None:
    classes = crawl / "classes.csv"
    classes.write_text(
        "label,name,description\nsku-1,tea cup,a small cup for tea\nsku-2,,a big cup for coffee\n"
    )
    run = crawl / "said"
    options = ("--graph", "text:description", "--classes", classes, "--run-dir", run)
    result = curate("graph", crawl, *options)
    assert result.exit_code == 0, result.output
    assert "tea cup (sku-1)" in result.stdout
    S = relations(run)["text:description"]
    order = sorted(LABELS)
    row = S[order.index("sku-1")]
    assert np.argsort(-row)[1] == order.index("sku-2")
    result = curate("graph", crawl, "--graph", "text:gloss", *options[2:])
    assert result.exit_code == 0, result.output
    assert np.isfinite(relations(run)["text:gloss"]).all(), "a name is read where there is no gloss"


@pytest.mark.parametrize(
    ("command", "options", "said"),
    [
        ("graph", ["--graph", "none"], "--graph none has nothing to show"),
        ("graph", ["--out", "map.jpg"], "the heat map is a PNG"),
        ("graph", ["--limit", 0], "--limit 0: at least one class"),
        ("graph", ["--graph", "captions", "--caption", "alt"], "has no column 'alt'"),
        ("weight", ["--graph", "wordnet+mesh"], "--graph mesh is not known; choose none, or"),
        ("weight", ["--graph", "text", "--text-model", "/no/bert"], "/no/bert is not a folder"),
        ("weight", ["--text-pooling", "max"], "--text-pooling max: it must be one of mean, lstm"),
    ],
)
def test_what_cannot_be_is_told(
    crawl: Path, command: str, options: list[object], said: str
) -> None:
    result = curate(command, crawl, *options)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_files_that_do_not_fit_the_crawl_are_told_with_their_name(crawl: Path) -> None:
    circle = crawl / "circle.csv"
    circle.write_text("child,parent\nsku-1,cup\ncup,sku-1\n")
    result = curate("graph", crawl, "--graph", f"hierarchy:{circle}")
    assert result.exit_code == 2
    assert f"hierarchy:{circle}: the hierarchy goes round in a circle" in result.stderr
    one = crawl / "one.npz"
    np.savez(one, S=np.eye(1), names=np.array(["tabby"]))
    result = curate("graph", crawl, "--graph", f"matrix:{one}")
    assert "knows fewer than two of the 6 classes" in result.stderr
