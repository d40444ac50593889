"""Commands on crawls in an object store give what they give on the same files here."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import Result

from curate.store.mirror import open_store
from tests.crawls import curate
from tests.object_store import BUCKET, ObjectStore, object_store

ROWS, NAMES = 240, ("ant", "bee", "crane")
OPTIONS = ("--graph", "none")


def crawl(seed: int = 0) -> tuple[pl.DataFrame, np.ndarray]:
    """Every ninth label is wrong."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, ROWS)
    features = (np.eye(3)[truth] @ rng.normal(size=(3, 16))) * 3 + rng.normal(size=(ROWS, 16))
    given = [NAMES[(label + (row % 9 == 0)) % 3] for row, label in enumerate(truth)]
    table = pl.DataFrame({"key": [f"k{row}" for row in range(ROWS)], "label": given})
    return table, features.astype(np.float32)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    with object_store(tmp_path_factory.mktemp("cache")) as store:
        yield store


@pytest.fixture
def home(server: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Start in a new folder with an empty cache."""
    server.proxy.reset()
    monkeypatch.setenv("CURATE_CACHE_DIR", str(tmp_path / "cache"))
    open_store.cache_clear()
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    return tmp_path / "home"


def run(*arguments: object) -> Result:
    result = curate(*arguments)
    assert result.exit_code == 0, result.output
    assert str(os.environ["CURATE_CACHE_DIR"]) not in result.output
    return result


def upload(server: ObjectStore, folder: Path, prefix: str) -> str:
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            server.put(f"{prefix}/{file.relative_to(folder).as_posix()}", file)
    return f"s3://{BUCKET}/{prefix}"


def write(table: pl.DataFrame, features: np.ndarray, folder: Path, ending: str) -> Path:
    """Write a crawl as a table or a folder of tables, and its features; return the crawl."""
    folder.mkdir()
    np.save(folder / "x.npy", features)
    path = folder / f"crawl{ending}"
    if ending == ".parquet":
        table.write_parquet(path)
    elif ending == ".csv":
        table.write_csv(path)
    elif ending == ".jsonl":
        table.write_ndjson(path)
    else:
        path.mkdir()
        for part in range(3):
            table[part * 80 : part * 80 + 80].write_parquet(path / f"{part}.parquet")
    return path


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".jsonl", ""])
def test_a_crawl_in_a_store_is_weighed_as_one_here(
    server: ObjectStore, home: Path, ending: str
) -> None:
    path = write(*crawl(), home / "a b#1", ending)
    url = upload(server, home / "a b#1", f"wei%ghed{ending}/ü")
    out = f"crawl.weighted{ending if ending in ('.csv', '.jsonl') else '.parquet'}"
    run("weight", path, "--embeddings", home / "a b#1/x.npy", *OPTIONS)
    said = run("weight", f"{url}/{path.name}", "--embeddings", f"{url}/x.npy", *OPTIONS)
    assert f"Written: {url}/{out}" in said.output
    written = Path("got").with_suffix(Path(out).suffix)
    written.write_bytes(server.get(f"wei%ghed{ending}/ü/{out}"))
    here = home / "a b#1" / out
    if ending in (".csv", ".jsonl"):
        assert written.read_bytes() == here.read_bytes()
    else:
        assert pl.read_parquet(written).equals(pl.read_parquet(here))


def test_commands_go_on_from_a_weighted_file_in_a_store(server: ObjectStore, home: Path) -> None:
    table, features = crawl()
    write(table, features, home / "crawl", ".parquet")
    url = upload(server, home / "crawl", "chain")
    verified = table[:100].select("key", "label")
    verified.write_csv("verified.csv")
    server.put("chain/verified.csv", Path("verified.csv"))
    (home / "classes.csv").write_text("label,name\nant,ant\nbee,bee\ncrane,crane\n")
    server.put("chain/classes.csv", Path("classes.csv"))
    run("weight", f"{url}/crawl.parquet", "--embeddings", f"{url}/x.npy", *OPTIONS,
        "--classes", f"{url}/classes.csv", "--verified", f"{url}/verified.csv")  # fmt: skip
    weighted = f"{url}/crawl.weighted.parquet"
    assert "made by" in run("inspect", weighted).output
    run("report", weighted, "--verified", f"{url}/verified.csv")
    assert b"<html" in server.get("chain/crawl.weighted.html")
    assert "duplicates" in run("duplicates", weighted).output
    run("export", weighted, "--to", "jsonl", "--out", f"{url}/list.jsonl")
    assert len(server.get("chain/list.jsonl").splitlines()) > ROWS / 2
    again = curate("export", weighted, "--to", "jsonl", "--out", f"{url}/list.jsonl")
    assert again.exit_code == 2 and "list.jsonl exists" in again.output.replace("\n", " ")


def test_an_output_may_go_to_a_store_alone(server: ObjectStore, home: Path) -> None:
    path = write(*crawl(), home / "crawl", ".parquet")
    out = f"s3://{BUCKET}/only-out/weights.parquet"
    options = ("--embeddings", home / "crawl/x.npy", *OPTIONS)
    run("weight", path, *options, "--out", out)
    run("weight", path, *options)
    Path("got.parquet").write_bytes(server.get("only-out/weights.parquet"))
    here = pl.read_parquet(home / "crawl/crawl.weighted.parquet")
    assert pl.read_parquet("got.parquet").equals(here)
    assert "made by" in run("inspect", out).output


def test_what_is_not_there_is_said_with_its_url(home: Path) -> None:
    for url in (f"s3://{BUCKET}/none.parquet", f"s3://{BUCKET}/no/folder"):
        result = curate("weight", url)
        assert result.exit_code == 2
        assert f"{url} does not exist" in result.output.replace("\n", "")


def test_a_bucket_without_the_right_to_write_is_said_before_work(
    server: ObjectStore, home: Path
) -> None:
    write(*crawl(), home / "crawl", ".parquet")
    url = upload(server, home / "crawl", "read-only")
    server.proxy.fault = lambda method, _: "403" if method in ("PUT", "POST") else None
    options = ("--embeddings", f"{url}/x.npy", *OPTIONS)
    result = curate("weight", f"{url}/crawl.parquet", *options)
    assert result.exit_code == 2 and "no right to it" in result.output
    assert ("GET", f"/{BUCKET}/read-only/x.npy") not in server.proxy.requests
    run("weight", f"{url}/crawl.parquet", *options, "--out", "here.parquet")
    assert len(pl.read_parquet("here.parquet")) == ROWS


def test_urls_of_pictures_are_not_fetched(server: ObjectStore, home: Path) -> None:
    server.put("pictures/1.png", b"x")
    table = crawl()[0].with_columns(image=pl.lit(f"s3://{BUCKET}/pictures/1.png"))
    table.write_parquet("crawl.parquet")
    result = curate("weight", "crawl.parquet", "--encoder", "embedded")
    assert result.exit_code == 2 and "URL" in result.output
    assert not [path for _, path in server.proxy.requests if "pictures" in path]


def test_answers_are_kept_on_this_computer(home: Path) -> None:
    result = curate("verify", "crawl.parquet", "--out", f"s3://{BUCKET}/verified.parquet")
    assert result.exit_code == 2 and "answers are kept on this computer" in result.output


def test_the_cache_may_be_elsewhere(
    server: ObjectStore, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CURATE_CACHE_SIZE", "1")
    write(*crawl(), home / "crawl", ".parquet")
    url = upload(server, home / "crawl", "elsewhere")
    run("weight", f"{url}/crawl.parquet", "--embeddings", f"{url}/x.npy", *OPTIONS,
        "--out", "here.parquet", "--cache-dir", "mine", "--cache-size", 2)  # fmt: skip
    assert (home / f"mine/objects/s3/{BUCKET}/elsewhere/x.npy").exists()
    assert os.environ["CURATE_CACHE_SIZE"] == "2.0"
