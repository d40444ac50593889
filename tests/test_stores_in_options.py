"""URLs within longer options, and in Python, are read as paths are."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import curate as python
from curate.torch import WeightedImages, WeightedStream
from tests.crawls import refused
from tests.curate.conftest import SETTINGS, one_step_model
from tests.curate.encoders.test_onnx import with_weights_in
from tests.object_store import BUCKET, ObjectStore
from tests.test_stores import NAMES, OPTIONS, as_paths, away, crawl, run, upload, write

EDGES = {
    "child": ["animal", "insect", *NAMES],
    "parent": ["", "animal", "insect", "insect", "animal"],
}


def test_a_graph_may_lie_in_a_store(server: ObjectStore, home: Path) -> None:
    write(*crawl(), home / "crawl", ".parquet")
    pl.DataFrame(EDGES).write_csv("crawl/edges.csv")
    np.savez("crawl/S.npz", S=np.eye(3), names=np.array(NAMES, dtype=str))
    url = upload(server, home / "crawl", "graphs")
    made = {}
    for place in (str(home / "crawl"), url):
        graph = f"hierarchy:{place}/edges.csv+matrix:{place}/S.npz"
        options = ("--embeddings", f"{place}/x.npy", "--graph", graph)
        run("weight", f"{place}/crawl.parquet", *options, "--out", f"{place}/out.parquet")
        made[place] = python.graph(f"{place}/crawl.parquet", graph=graph).total
    Path("got.parquet").write_bytes(server.get("graphs/out.parquet"))
    assert pl.read_parquet("got.parquet").equals(pl.read_parquet("crawl/out.parquet"))
    assert np.array_equal(*made.values())
    missing = f"hierarchy:{url}/none.csv"
    said = refused("weight", f"{url}/crawl.parquet", "--graph", missing)
    assert f"--graph {missing}: there is no file {url}/none.csv" in said


def test_an_encoder_may_lie_in_a_store(server: ObjectStore, home: Path) -> None:
    path = as_paths(home / "crawl")
    model = one_step_model("Flatten", ("n", 3, "h", "w"), 1)
    server.put("models/m.onnx", model)
    server.put("models/m.json", json.dumps(SETTINGS).encode())
    Path("m.onnx").write_bytes(model)
    Path("m.json").write_text(json.dumps(SETTINGS))
    for encoder, out in (("m.onnx", "a.parquet"), (f"s3://{BUCKET}/models/m.onnx", "b.parquet")):
        options = ("--encoder", f"onnx:{encoder}", "--workers", 1, "--device", "cpu", *OPTIONS)
        run("weight", path, *options, "--out", out)
    assert pl.read_parquet("a.parquet").equals(pl.read_parquet("b.parquet"))
    encoder = f"onnx:s3://{BUCKET}/models/none.onnx"
    said = refused("weight", path, "--encoder", encoder, *OPTIONS, "--out", "c.parquet")
    assert f"--encoder {encoder}: there is no such file" in said


@pytest.mark.parametrize("name", ["model.onnx.data", "parts/weights.bin"])
def test_weights_that_a_model_names_come_with_it(
    server: ObjectStore, home: Path, name: str
) -> None:
    (home / "model").mkdir()
    (home / "model/model.json").write_text(json.dumps(SETTINGS))
    model = with_weights_in(home / "model/model.onnx", name)
    url = upload(server, model.parent, f"sub/{name}")
    path = as_paths(home / "crawl")
    for encoder, out in ((model, "a.parquet"), (f"{url}/model.onnx", "b.parquet")):
        options = ("--encoder", f"onnx:{encoder}", "--workers", 1, "--device", "cpu", *OPTIONS)
        run("weight", path, *options, "--out", out)
    assert pl.read_parquet("a.parquet").equals(pl.read_parquet("b.parquet"))


def test_python_takes_urls(server: ObjectStore, home: Path) -> None:
    path = as_paths(home / "crawl")
    np.save("crawl/x.npy", crawl()[1][:60])
    upload(server, home, "python")
    crawl_at, x = away(path, home, "python"), away(home / "crawl/x.npy", home, "python")
    weighed = python.weight(crawl_at, embeddings=x, graph="none").collect()
    weighted = crawl_at.replace(".parquet", ".weighted.parquet")
    folder, here = f"{crawl_at}.curate", python.embeddings(weighted)
    assert np.array_equal(here, python.embeddings(weighted, run_dir=folder))
    keys = {WeightedImages(weighted)[0].key, next(iter(WeightedStream(weighted))).key}
    assert keys <= set(weighed["key"])
    # A table in memory keeps its work in a store, and finds it there again.
    table, work = pl.read_parquet(path), f"s3://{BUCKET}/python/table.curate"
    again = [python.weight(table, embeddings=x, graph="none", run_dir=work) for _ in range(2)]
    assert again[0].equals(again[1])
    assert again[0]["weight"].equals(weighed["weight"])
    assert np.array_equal(python.embeddings(again[0], run_dir=work), here)


def test_what_cannot_be_in_a_store_is_said(home: Path) -> None:
    url = f"s3://{BUCKET}/demo"
    assert f"{url}: the demo is drawn on this computer" in refused("demo", url)
    assert not Path("s3:").exists()
