"""Each mistake of a user's is answered with one sentence, exit code 2, and nothing is lost."""

import base64
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from cli import app
from tests.crawls import plain_png


def png(value: int = 0) -> bytes:
    return plain_png((value, value, 99))


def crawl(path: Path, rows: int = 8, **columns: object) -> Path:
    table = pl.DataFrame(
        {
            "key": [f"k{row}" for row in range(rows)],
            "image": [png(row) for row in range(rows)],
            "label": ["cat", "dog"] * (rows // 2),
        }
    )
    table = table.with_columns(pl.Series(name, values) for name, values in columns.items())
    table.write_parquet(path)
    return path


def refusal(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["weight", *map(str, arguments)])
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    (sentence,) = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert result.stderr.endswith(f"{sentence}\n")
    return sentence


def test_no_such_file(tmp_path: Path) -> None:
    assert f"{tmp_path}/no.parquet does not exist" in refusal(tmp_path / "no.parquet")
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_nearly_there(tmp_path: Path) -> None:
    path = crawl(tmp_path / "crawl.parquet")
    assert f"(did you mean {path.name}?)" in refusal(tmp_path / "crwl.parquet")
    assert "give the folder" in refusal(tmp_path / "*.tar")


def test_no_image_column_lists_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "crawl.csv"
    path.write_text("picture,label\na,cat\nb,dog\n")
    words = refusal(path, "--encoder", "embedded")
    assert "has no image column; name it with --image, one of: picture, label" in words


def test_a_url_column_is_refused_with_the_command_that_fetches_it(tmp_path: Path) -> None:
    path = tmp_path / "crawl.csv"
    path.write_text("url,label,title\nhttp://x/a.jpg,cat,a\nhttp://x/b.jpg,dog,b\n")
    words = refusal(path, "--encoder", "embedded")
    assert f"img2dataset --url_list {path} --input_format csv --url_col url" in words
    path.write_text("image,label\nhttps://x/a.jpg,cat\nb.jpg,dog\n")
    assert "column 'image' holds URLs" in refusal(path, "--encoder", "embedded")


def test_labels_all_null_or_of_one_class(tmp_path: Path) -> None:
    path = crawl(tmp_path / "crawl.parquet", label=pl.Series([None] * 8, dtype=pl.String))
    assert "column 'label' is null in every row" in refusal(path)
    crawl(path, label=["cat"] * 8)
    assert "has one class only ('cat')" in refusal(path)
    crawl(path, label=["cat"] * 4 + [""] * 4)
    assert "has one class only ('cat')" in refusal(path)


def test_an_image_path_that_leaves_the_root(tmp_path: Path) -> None:
    path = tmp_path / "crawl.csv"
    for bad in ("../secret.png", "a/../../secret.png", "/etc/passwd"):
        path.write_text(f"image,label\na.png,cat\n{bad},dog\n")
        words = refusal(path, "--encoder", "embedded")
        assert f"row 2: image '{bad}' leaves the folder {tmp_path}" in words
        assert "--root" in words


def test_paths_that_stay_below_the_root_are_accepted(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(1))
    (tmp_path / "deep").mkdir()
    path = tmp_path / "crawl.csv"
    (tmp_path / "b.png").write_bytes(png(200))
    lines = ["deep/../a.png,cat", f"{tmp_path}/b.png,dog", "a.png,cat", "b.png,dog"]
    path.write_text("\n".join(["image,label", *lines]))
    arguments = ["weight", str(path), "--encoder", "embedded", "--graph", "none"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    weighted = pl.read_csv(tmp_path / "crawl.weighted.csv")
    assert weighted["status"].to_list() == ["ok"] * 4


def test_an_output_that_exists_or_is_the_input(tmp_path: Path) -> None:
    path = crawl(tmp_path / "crawl.parquet")
    before = path.read_bytes()
    (tmp_path / "w.parquet").write_text("precious")
    words = refusal(path, "--out", tmp_path / "w.parquet")
    assert "w.parquet exists; replace it with --overwrite" in words
    assert "is the manifest itself" in refusal(path, "--out", path, "--overwrite")
    assert "ends in '.txt'" in refusal(path, "--out", tmp_path / "w.txt")
    for ending in ("csv", "jsonl"):
        words = refusal(path, "--out", tmp_path / f"w.{ending}")
        assert f"a .{ending} file cannot hold column 'image'" in words
    assert "is a folder" in refusal(
        path, "--out", (tmp_path / "d.parquet").mkdir() or tmp_path / "d.parquet"
    )
    assert (tmp_path / "w.parquet").read_text() == "precious"
    assert path.read_bytes() == before


def test_a_column_named_weight_is_already_there(tmp_path: Path) -> None:
    path = crawl(tmp_path / "crawl.parquet", weight=[1.0] * 8)
    assert "already has a column 'weight'; choose other names with --prefix curate_" in refusal(
        path
    ).replace("--prefix, such as ", "")


@pytest.mark.parametrize(
    ("option", "value"),
    [("alpha", "0"), ("alpha", "-1"), ("alpha", "nan"), ("beta", "0"), ("gamma", "inf")],
)
def test_numbers_that_cannot_be(tmp_path: Path, option: str, value: str) -> None:
    words = refusal(crawl(tmp_path / "crawl.parquet"), f"--{option}", value)
    assert f"--{option} {float(value)} is not a number above 0" in words


def test_an_unknown_encoder_graph_or_device(tmp_path: Path) -> None:
    path = crawl(tmp_path / "crawl.parquet")
    assert "--encoder clip: there is no such encoder" in refusal(path, "--encoder", "clip")
    assert "--graph mesh is not known" in refusal(path, "--graph", "mesh")
    words = refusal(path, "--encoder", "embedded", "--device", "tpu")
    assert "--device tpu: it must be one of auto, cpu, cuda" in words


def test_duplicate_and_missing_keys(tmp_path: Path) -> None:
    path = crawl(tmp_path / "crawl.parquet", key=["a", "b", "c", "d", "b", "e", "f", "g"])
    words = refusal(path, "--encoder", "embedded")
    assert "key column 'key' is 'b' in 2 rows (first in row 2)" in words
    assert "--key none" in words
    crawl(path, key=["a", "b", None, "d", "x", "e", "f", "g"])
    assert "key column 'key' is empty (first in row 3)" in refusal(path, "--encoder", "embedded")


def test_embeddings_of_other_rows(tmp_path: Path) -> None:
    path = crawl(tmp_path / "crawl.parquet")
    folder = tmp_path / "clip"
    assert "has no embeddings" in refusal(path, "--embeddings", folder)
    (folder / "img_emb").mkdir(parents=True)
    np.save(folder / "img_emb" / "img_emb_0.npy", np.ones((7, 4), np.float16))
    words = refusal(path, "--embeddings", folder)
    assert "has 7 embeddings and" in words
    np.save(folder / "img_emb" / "img_emb_0.npy", np.ones((8, 4), np.float16))
    (folder / "metadata").mkdir()
    keys = [f"k{row}" for row in (0, 1, 2, 4, 3, 5, 6, 7)]
    pl.DataFrame({"key": keys}).write_parquet(folder / "metadata" / "metadata_0.parquet")
    assert "row 4: key is 'k3' where the metadata" in refusal(path, "--embeddings", folder)


def test_an_embedding_column_of_uneven_length(tmp_path: Path) -> None:
    path = crawl(tmp_path / "crawl.parquet", embedding=[[1.0, 2.0]] * 7 + [[1.0]])
    assert "row 8: column 'embedding' has 1 numbers where the first has 2" in refusal(path)


def test_a_class_file_that_names_no_class_of_the_crawl(tmp_path: Path) -> None:
    path = crawl(tmp_path / "crawl.parquet", embedding=[[1.0, float(row)] for row in range(8)])
    classes = tmp_path / "classes.csv"
    classes.write_text("label,synset\ncow,cow.n.01\n")
    assert "names 'cow', which is no label" in refusal(path, "--classes", classes)
    classes.write_text("name,synset\ncat,cat.n.01\n")
    assert "it needs label, and synset or name or description" in refusal(
        path, "--classes", classes
    )
    classes.write_text("label,synset\ncat,cat.n.99\n")
    assert re.search(r"--classes: .*'cat\.n\.99'", refusal(path, "--classes", classes))


def test_two_runs_in_one_folder(tmp_path: Path) -> None:
    from curate.store.run import open_run

    path = crawl(tmp_path / "crawl.parquet")
    with open_run(tmp_path / "run"):
        assert "another curate is running" in refusal(path, "--run-dir", tmp_path / "run")


def test_a_folder_that_is_not_ours_is_no_run_folder(tmp_path: Path) -> None:
    path = crawl(tmp_path / "crawl.parquet")
    assert "has files in it that are not curate's" in refusal(path, "--run-dir", tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "run.json").write_text("precious")
    refusal(path, "--run-dir", tmp_path / "mine")
    assert (tmp_path / "mine" / "run.json").read_text() == "precious"


def test_no_picture_that_can_be_read(tmp_path: Path) -> None:
    path = crawl(tmp_path / "crawl.parquet", image=[b"oops"] * 8)
    words = refusal(path, "--encoder", "embedded", "--workers", "1")
    assert "fewer than two classes have two or more images with features" in words
    assert "8 have no features (8 not_image)" in words
    assert "--retry-failed" in words


def test_an_output_inside_the_manifests_folder(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    crawl(tmp_path / "parts" / "0.parquet")
    words = refusal(tmp_path / "parts", "--out", tmp_path / "parts" / "w.parquet")
    assert "lies in the manifest's folder" in words


def test_names_from_the_web_do_nothing_to_the_terminal(tmp_path: Path) -> None:
    path = crawl(tmp_path / "crawl.parquet", label=["\x1b]0;pwn\x07"] * 8)
    assert "\x1b" not in refusal(path)


def test_the_demo_does_not_draw_over_a_crawl_of_the_users(tmp_path: Path) -> None:
    path = crawl(tmp_path / "crawl.parquet")
    before = path.read_bytes()
    result = CliRunner().invoke(app, ["demo", str(tmp_path)])
    assert result.exit_code == 2
    assert "that the demo has not drawn" in result.stderr
    assert path.read_bytes() == before


def test_brackets_in_a_path_are_no_pattern(tmp_path: Path) -> None:
    folder = tmp_path / "a[1] [red]b[bold]"
    folder.mkdir()
    rng = np.random.default_rng(0)
    features = rng.normal(size=(8, 4)).astype(np.float32)
    path = crawl(folder / "crawl.parquet", embedding=features)
    result = CliRunner().invoke(app, ["weight", str(path), "--graph", "none"])
    assert result.exit_code == 0, result.output
    assert f"curate inspect '{folder}/crawl.weighted.parquet'" in result.stdout


def test_our_own_failure_is_exit_code_1_and_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("curate.commands.weight.count_classes", broken)
    path = str(crawl(tmp_path / "crawl.parquet"))
    result = CliRunner().invoke(app, ["weight", path])
    assert result.exit_code == 1
    assert "curate failed (ZeroDivisionError: oops)" in result.stderr
    assert "--debug" in result.stderr
    result = CliRunner().invoke(app, ["weight", path, "--debug"])
    assert isinstance(result.exception, ZeroDivisionError)


JPEG = base64.b64encode(b"\xff\xd8\xff" + bytes(300)).decode()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "nohead.csv",
            "a.jpg,cat\nb.jpg,dog\n",
            "write a line with the names of",
        ),
        ("head.csv", "image,label\n", "has no rows"),
        ("empty.csv", "", "is empty"),
        ("cut.parquet", "PAR1", "is not a readable Parquet file"),
        ("table.xyz", "a b", "the ending '.xyz' is not known"),
        ("table.xlsx", "PK\3\4", "an Excel workbook; unpack it, or save it as CSV"),
        ("one.jpg", "", "is a picture; give the folder of all"),
        ("pictures.zip", "PK", "unzip "),
        ("cells.csv", "image,label\na,cat\nb,dog,x\n", "line 3 ('b,dog,x') has 3 cells where"),
        ("three.jsonl", '{"label": "a"}\n{"label": "b"}\n{"label"\n', "line 3 ("),
        ("letters.csv", f"image,label\n{JPEG},cat\n{JPEG},dog\n", "picture as base64; write"),
    ],
)
def test_a_file_that_cannot_be_weighed(tmp_path: Path, name: str, text: str, said: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    assert said in refusal(path, "--encoder", "embedded")
    assert not (tmp_path / f"{path.stem}.weighted{path.suffix}").exists()


def test_no_run_folder_is_left_where_nothing_was_made(tmp_path: Path) -> None:
    (tmp_path / "table.xlsx").write_text("PK")
    refusal(tmp_path / "table.xlsx")
    (tmp_path / "empty").mkdir()
    refusal(tmp_path / "empty")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "table.xlsx"]


def test_a_run_folder_is_no_crawl(tmp_path: Path) -> None:
    run, path = tmp_path / "crawl.parquet.curate", crawl(tmp_path / "crawl.parquet")
    command = ["embed", str(path), "--encoder", "embedded"]
    assert CliRunner().invoke(app, command).exit_code == 0
    assert "a folder in which curate keeps its work" in refusal(run)
    refusal(path, "--graph", "none", "--label", "nothing")
    assert (run / "curate.txt").exists()


def test_outputs_that_cannot_be_written_are_refused_before_any_work(tmp_path: Path) -> None:
    path = crawl(tmp_path / "crawl.parquet")
    for out, said in (
        (path / "out.parquet", f"{path} is a file; name another place"),
        (tmp_path / "out", "has no ending; name a file that ends in .parquet"),
        (tmp_path, "is a folder; name a file"),
    ):
        assert said in refusal(path, "--encoder", "embedded", "--out", out)
    assert not (tmp_path / "crawl.parquet.curate/features").exists()


def test_embeddings_that_tell_nothing(tmp_path: Path) -> None:
    path = crawl(tmp_path / "crawl.parquet")
    np.save(tmp_path / "zeros.npy", np.zeros((8, 4), np.float32))
    words = refusal(path, "--graph", "none", "--embeddings", tmp_path / "zeros.npy")
    assert "8 have no features (8 missing); give embeddings of more rows" in words
    assert "--root" not in words
    (tmp_path / "x.pt").write_bytes(b"PK\x03\x04 cut off")
    assert "is not an array that NumPy reads" in refusal(path, "--embeddings", tmp_path / "x.pt")


def test_the_demo_is_not_drawn_into_a_file(tmp_path: Path) -> None:
    path = crawl(tmp_path / "crawl.parquet")
    result = CliRunner().invoke(app, ["demo", str(path)])
    assert result.exit_code == 2
    assert "is a file, and the demo is drawn into a folder" in " ".join(result.stderr.split())


def test_a_store_without_a_bucket(tmp_path: Path) -> None:
    assert "s3:// names no bucket" in refusal("s3://", "--out", tmp_path / "out.parquet")
