"""Commands on crawls in an object store give what they give on the same files here."""

import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import numpy as np
import polars as pl
import pytest
from typer.testing import Result

from curate import api
from curate.store.mirror import bring_all, look
from curate.store.urls import as_path
from tests.crawls import curate, png
from tests.object_store import BUCKET, ObjectStore

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


def pictures(rows: int = 60) -> list[tuple[str, str, bytes]]:
    """Give key, label and picture of rows; every tenth label is wrong."""
    rng, colours = np.random.default_rng(0), np.array([(200, 30, 30), (40, 210, 40), (90, 20, 190)])
    found = []
    for row in range(rows):
        noise = rng.normal(0, 12, (16, 16, 3)) + rng.normal(0, 8, 3)
        label = NAMES[(row + (row % 10 == 0)) % 3]
        found.append((f"{row:03d}", label, png(colours[row % 3] + noise)))
    return found


def in_tars(folder: Path) -> Path:
    folder.mkdir()
    for number, start in enumerate(range(0, 60, 20)):
        with tarfile.open(folder / f"{number:02d}.tar", "w") as tar:
            for key, label, data in pictures()[start : start + 20]:
                for ending, content in (("png", data), ("cls", label.encode())):
                    member = tarfile.TarInfo(f"{key}.{ending}")
                    member.size = len(content)
                    tar.addfile(member, io.BytesIO(content))
    return folder


def as_paths(folder: Path) -> Path:
    (folder / "odd # 100%/ü").mkdir(parents=True)
    rows = [(key, label, f"odd # 100%/ü/{key} ?.png") for key, label, _ in pictures()]
    for (_, _, path), (_, _, data) in zip(rows, pictures(), strict=True):
        (folder / path).write_bytes(data)
    schema = ["key", "label", "image"]
    pl.DataFrame(rows, schema=schema, orient="row").write_parquet(folder / "crawl.parquet")
    return folder / "crawl.parquet"


def in_class_folders(folder: Path) -> Path:
    for key, label, data in pictures():
        (folder / label).mkdir(parents=True, exist_ok=True)
        # A name without an ending is known by its first bytes.
        (folder / label / (key if key.endswith("7") else f"{key}.png")).write_bytes(data)
    return folder


def in_bytes(folder: Path) -> Path:
    folder.mkdir()
    table = pl.DataFrame(pictures(), schema=["key", "label", "image"], orient="row")
    for part in range(2):
        table[part * 30 : part * 30 + 30].write_parquet(folder / f"{part}.parquet")
    return folder


@pytest.mark.parametrize("write", [in_tars, as_paths, in_class_folders, in_bytes])
def test_pictures_in_a_store_are_weighed_as_those_here(
    server: ObjectStore, home: Path, write: Callable[[Path], Path]
) -> None:
    crawl = write(home / "crawl")
    prefix = write.__name__
    upload(server, home, prefix)
    options = ("--encoder", "embedded", "--workers", 1, *OPTIONS)
    run("weight", crawl, *options, "--out", "out.parquet")
    url = f"s3://{BUCKET}/{prefix}/{crawl.relative_to(home).as_posix()}"
    run("weight", url, *options, "--out", f"s3://{BUCKET}/{prefix}/out.parquet")
    Path("got.parquet").write_bytes(server.get(f"{prefix}/out.parquet"))
    assert pl.read_parquet("got.parquet").equals(pl.read_parquet("out.parquet"))
    sizes = {f"/{BUCKET}/{prefix}/{each}": (home / each).stat().st_size for each in files(crawl)}
    sent = {quote(path): size for path, size in sizes.items()}
    assert {path: server.proxy.sent[path] for path in sent} == sent  # nothing was fetched twice
    shown = run("inspect", f"s3://{BUCKET}/{prefix}/out.parquet", "--pictures", "blocks")
    assert "missing" not in shown.output


def away(path: Path, here: Path, prefix: str) -> str:
    return f"s3://{BUCKET}/{prefix}/{path.relative_to(here).as_posix()}"


def test_a_run_in_a_store_gives_the_same_bytes_and_is_used_again(
    server: ObjectStore, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawl, prefix = in_tars(home / "crawl"), "run"
    upload(server, home, prefix)
    options = ("--encoder", "embedded", "--workers", 1, *OPTIONS)
    run("weight", crawl, *options)
    run("weight", away(crawl, home, prefix), *options)
    assert (
        server.get(f"{prefix}/crawl.weighted.parquet")
        == Path("crawl.weighted.parquet").read_bytes()
    )
    assert f"{prefix}/crawl.curate/curate.txt" in server.keys(prefix)
    assert f"{prefix}/crawl.curate/lock.json" not in server.keys(prefix)
    # Another computer, with an empty cache, finds the work done.
    monkeypatch.setenv("CURATE_CACHE_DIR", str(tmp_path / "other"))
    before = set(server.keys(prefix))
    server.proxy.reset()
    run("weight", away(crawl, home, prefix), *options, "--alpha", 1.3, "--overwrite")
    assert "features" not in "".join(p for m, p in server.proxy.requests if m == "PUT")
    assert before <= set(server.keys(prefix))
    weighted = away(home / "crawl.weighted.parquet", home, prefix)
    told = run("inspect", weighted, "--key", "003", "--json").output
    assert json.loads(told)["sample"]["row"] == 3


def files(crawl: Path) -> list[Path]:
    home = crawl if crawl.is_dir() else crawl.parent
    found = [file for file in home.rglob("*") if file.is_file() and ".curate" not in str(file)]
    return [file.relative_to(home.parent) for file in found]


def test_an_output_here_leads_to_pictures_in_a_store(server: ObjectStore, home: Path) -> None:
    crawl = as_paths(home / "crawl")
    url = upload(server, crawl.parent, "led")
    run("weight", f"{url}/crawl.parquet", "--encoder", "embedded", "--workers", 1, *OPTIONS,
        "--out", "out.parquet")  # fmt: skip
    assert pl.read_parquet("out.parquet")["image"].equals(pl.read_parquet(crawl)["image"])
    run("export", "out.parquet", "--to", "imagefolder", "--out", "images", "--keep", "all")
    copied = [file.read_bytes() for file in Path("images").rglob("*.png") if not file.is_symlink()]
    assert sorted(copied) == sorted(data for _, _, data in pictures())
    run("export", "out.parquet", "--to", "webdataset", "--out", f"{url}-shards", "--keep", "all")
    assert sorted(server.keys("led-shards/"))[0] == "led-shards/00000.tar"


def test_many_small_objects_are_brought_at_once(server: ObjectStore, home: Path) -> None:
    for row in range(100):
        server.put(f"many/{row:03d}.png", b"%d" % row)
    server.proxy.reset()
    server.proxy.fault = lambda *_: "slow"
    folder = look(as_path(f"s3://{BUCKET}/many"))
    bring_all(folder.iterdir())
    assert [int(file.read_bytes()) for file in sorted(folder.iterdir())] == list(range(100))
    assert server.proxy.most_at_once > 4


def test_an_export_and_a_page_bring_pictures_ahead(
    server: ObjectStore, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawl = as_paths(home / "crawl")
    url = upload(server, crawl.parent, "ahead")
    run("weight", f"{url}/crawl.parquet", "--encoder", "embedded", "--workers", 1, *OPTIONS)
    for number, command in enumerate(("export", "report")):
        monkeypatch.setenv("CURATE_CACHE_DIR", str(home / f"cache{number}"))
        server.proxy.reset()
        server.proxy.fault = lambda *_: "slow"
        to = ("--to", "webdataset", "--keep", "all") if command == "export" else ()
        out = {"export": "tars", "report": "page.html"}[command]
        run(command, f"{url}/crawl.weighted.parquet", *to, "--out", out)
        fetched = [path for method, path in server.proxy.requests if path.endswith(".png")]
        assert len(set(fetched)) > 20 and server.proxy.most_at_once > 4, command


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
    assert "No row shows" in run("duplicates", weighted).output
    run("export", weighted, "--to", "jsonl", "--out", f"{url}/list.jsonl")
    assert len(server.get("chain/list.jsonl").splitlines()) > ROWS / 2
    again = curate("export", weighted, "--to", "jsonl", "--out", f"{url}/list.jsonl")
    assert again.exit_code == 2 and "list.jsonl exists" in again.output.replace("\n", " ")


def test_a_head_in_a_store_gives_the_same_bytes(server: ObjectStore, home: Path) -> None:
    table, features = crawl()
    here = write(table, features, home / "crawl", ".parquet").parent
    true = [NAMES[label] for label in np.random.default_rng(0).integers(0, 3, ROWS)]
    table.with_columns(label=pl.Series(true))[::2].write_csv(here / "checked.csv")
    away = upload(server, here, "refined")
    made = {}
    for place in (str(here), away):
        weighted, work = f"{place}/crawl.weighted.parquet", ("--run-dir", f"{place}/work")
        run("weight", f"{place}/crawl.parquet", "--embeddings", f"{place}/x.npy", *OPTIONS, *work)
        options = ("--verified", f"{place}/checked.csv", "--head", "veit", "--epochs", 1, *work)
        run("refine", weighted, *options, "--device", "cpu", "--out", f"{place}/out.parquet")
        said = run("refine", weighted, *options, "--device", "cpu", "--out", f"{place}/again.csv")
        made[place] = said.output.partition("Head: ")[2].split()[0]
    for name in ("out.parquet", "out.gains.parquet", "again.csv"):
        assert server.get(f"refined/{name}") == (here / name).read_bytes()
    assert made[away].startswith(f"{away}/work/")
    # A head in a store is applied from there.
    for place in made:
        weighted = f"{place}/crawl.weighted.parquet"
        run("refine", weighted, "--apply", made[place], "--out", f"{place}/applied.parquet")
    assert server.get("refined/applied.parquet") == (here / "applied.parquet").read_bytes()


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


def test_python_gives_the_url_of_what_it_wrote(server: ObjectStore, home: Path) -> None:
    path = write(*crawl(), home / "crawl", ".parquet")
    run("weight", path, "--embeddings", home / "crawl/x.npy", *OPTIONS)
    weighted, away = home / "crawl/crawl.weighted.parquet", f"s3://{BUCKET}/python"
    assert api.report(weighted, out=f"{away}/page.html") == f"{away}/page.html"
    exported = api.export(weighted, to="csv", out=f"{away}/list.csv")
    assert exported.out == f"{away}/list.csv"
    made = json.loads(server.get("python/list.csv.curate.json"))
    assert made["exported"]["out"] == f"{away}/list.csv"
    assert api.export(weighted, to="csv", out="list.csv").out == Path("list.csv")


def test_a_list_in_a_store_goes_with_its_output(server: ObjectStore, home: Path) -> None:
    table, features = crawl()
    rows = table.with_columns(embedding=pl.Series(features.tolist(), dtype=pl.List(pl.Float32)))
    rows.write_parquet("crawl.parquet")
    rows[:1].write_parquet("val.parquet")
    run("weight", "crawl.parquet", *OPTIONS)
    out = ("--to", "csv", "--out", f"s3://{BUCKET}/listed/out.csv")
    run("export", "crawl.weighted.parquet", *out, "--keep", "all", "--against", "val.parquet")
    assert len(pl.read_parquet(io.BytesIO(server.get("listed/out.against.parquet")))) == 1
    run("export", "crawl.weighted.parquet", *out, "--overwrite")
    assert server.keys("listed/") == ["listed/out.csv", "listed/out.csv.curate.json"]


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
