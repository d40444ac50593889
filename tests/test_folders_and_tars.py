"""Folders and tars as people have them: read as what they are, or refused in a sentence."""

import io
import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from cli import app
from tests.crawls import write_tar

COLOURS = {"cat": (200, 30, 30), "dog": (30, 30, 200)}


def picture(label: str, number: int) -> bytes:
    file = io.BytesIO()
    noise = np.random.default_rng(number).integers(0, 40, (16, 16, 3))
    Image.fromarray((noise + COLOURS[label]).astype(np.uint8)).save(file, "png")
    return file.getvalue()


def class_folders(folder: Path, *places: str, each: int = 6) -> Path:
    """Write pictures into folders that end in cat or dog."""
    for place in places:
        (folder / place).mkdir(parents=True)
        for number in range(each):
            label = "cat" if "cat" in place else "dog"
            (folder / place / f"{number}.png").write_bytes(picture(label, number))
    return folder


def weigh(folder: Path, *options: object) -> Result:
    out = folder.parent / "w.parquet"
    arguments = ["weight", folder, "--out", out, "--encoder", "embedded", "--graph", "none",
                 "--workers", "1", "--run-dir", folder.parent / "run", *options]  # fmt: skip
    return CliRunner().invoke(app, list(map(str, arguments)))


def weighted(folder: Path, *options: object) -> tuple[pl.DataFrame, str]:
    result = weigh(folder, *options)
    assert result.exit_code == 0, result.output
    return pl.read_parquet(folder.parent / "w.parquet"), " ".join(result.stdout.split())


def refusal(folder: Path, *options: object) -> str:
    result = weigh(folder, *options)
    assert result.exit_code == 2, result.output
    (sentence,) = result.stderr.splitlines()
    assert sentence.startswith("Error: ")
    assert not (folder.parent / "w.parquet").exists()
    return sentence


def pack(path: Path, members: dict[str, bytes]) -> Path:
    path.parent.mkdir(exist_ok=True)
    return write_tar(path, members)


def test_splits_above_the_classes_become_a_column(tmp_path: Path) -> None:
    folder = class_folders(tmp_path / "data", "train/cat", "train/dog", "val/cat", "val/dog")
    rows, _ = weighted(folder)
    assert rows.group_by("split", "label").len().sort("split", "label").rows() == [
        ("train", "cat", 6), ("train", "dog", 6), ("val", "cat", 6), ("val", "dog", 6)
    ]  # fmt: skip
    assert rows["status"].unique().to_list() == ["ok"]


def test_one_folder_too_many_is_said_with_the_command(tmp_path: Path) -> None:
    folder = class_folders(tmp_path / "my pics", "images/cat", "images/dog")
    said = refusal(folder)
    assert f"run: curate weight '{folder}/images'" in said
    rows, _ = weighted(folder, "--label", "folder_2")
    assert sorted(set(rows["folder_2"])) == ["cat", "dog"]
    out = tmp_path / "w.parquet"
    shown = CliRunner().invoke(app, ["inspect", str(out), "--run-dir", str(tmp_path / "run")])
    assert shown.exit_code == 0, shown.output


def test_pictures_of_any_name_are_rows_and_what_is_none_is_counted(tmp_path: Path) -> None:
    folder = class_folders(tmp_path / "pics", "cat", "dog")
    for number, ending in enumerate(["jfif", "jpe", "png?width=600", "png.1"]):
        (folder / "cat" / f"{number}.png").rename(folder / "cat" / f"{number}.{ending}")
    (folder / "cat" / "4.png").rename(folder / "cat" / "4")
    (folder / "dog" / "list.txt").write_text("text")
    (folder / "dog" / ".DS_Store").write_text("text")
    rows, said = weighted(folder)
    assert len(rows) == 12 and rows["status"].unique().to_list() == ["ok"]
    assert "files that are no pictures (1): dog/list.txt" in said
    assert "hidden files and folders (1): dog/.DS_Store" in said


def test_links_out_of_a_folder_of_classes(tmp_path: Path) -> None:
    folder = class_folders(tmp_path / "pics", "cat")
    class_folders(tmp_path / "else", "dog")
    (folder / "dog").symlink_to(tmp_path / "else" / "dog")
    assert "/pics/dog is a link out of" in (said := refusal(folder)) and "--root" in said
    rows, _ = weighted(folder, "--root", tmp_path)
    assert rows["status"].unique().to_list() == ["ok"]
    assert set(rows["image"]) >= {"pics/cat/0.png", "pics/dog/0.png"}
    (tmp_path / "link").symlink_to(folder)
    assert "does not hold" in refusal_again(tmp_path / "link", "--root", tmp_path / "else")


def refusal_again(folder: Path, *options: object) -> str:
    (folder.parent / "w.parquet").unlink()
    return refusal(folder, *options)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: None, "holds no tars, no Parquet files and no pictures"),
        (lambda folder: (folder / "a.txt").write_text("x"), "passed over: files that are no"),
        (lambda folder: class_folders(folder, "cat"), "has one class only ('cat')"),
        (lambda folder: (folder / "1.png").write_bytes(picture("cat", 1)), "directly in it"),
        (lambda folder: pack(folder / "x" / "0.tar", {"a.cls": b"x"}), "curate weight"),
        (lambda folder: (folder / "x.tar.gz").write_bytes(b"x"), "gunzip -k"),
        (lambda folder: (folder / "x.zip").write_bytes(b"x"), "unzip"),
        (lambda folder: os.mkfifo(folder / "x.parquet"), "pipes, sockets and devices"),
    ],
)  # fmt: skip
def test_a_folder_that_cannot_be_weighed_is_told_in_a_sentence(
    tmp_path: Path, make: object, words: str
) -> None:
    folder = tmp_path / "crawl"
    folder.mkdir()
    make(folder)  # type: ignore[operator]
    assert words in refusal(folder)


def test_names_of_folders_are_no_patterns_and_do_nothing_to_the_terminal(tmp_path: Path) -> None:
    folder = class_folders(tmp_path / "a[1]*\n\x1b[31m {x}", "cat[1]*\x1b[0m", "dog\n")
    rows, said = weighted(folder)
    assert set(rows["label"]) == {"cat[1]*\x1b[0m", "dog\n"}
    assert rows["status"].unique().to_list() == ["ok"]
    assert "\x1b" not in said
    shutil.rmtree(folder / "dog\n")
    (tmp_path / "w.parquet").unlink()
    assert "\x1b" not in refusal(folder)


def test_tars_behind_links(tmp_path: Path) -> None:
    members = {}
    for number in range(12):
        label = "cat" if number % 2 else "dog"
        members |= {f"{number}.jpg": picture(label, number), f"{number}.cls": label.encode()}
    path = pack(tmp_path / "else" / "0.tar", members)
    folder = tmp_path / "crawl" / "tars"
    folder.mkdir(parents=True)
    (folder / "0.tar").symlink_to(path)
    assert "tars/0.tar is a link out of" in refusal(folder)
    rows, _ = weighted(folder, "--root", tmp_path)
    assert set(rows["tar"]) == {"crawl/tars/0.tar"}
    assert set(rows["status"]) == {"ok"}
    rows, _ = weighted(folder / "0.tar")
    assert set(rows["status"]) == {"ok"}


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "crawl.tar")
    assert "is a pipe or a device" in refusal(tmp_path / "crawl.tar")


def shard_files(folder: Path, encoded: bool) -> None:
    """Write what img2dataset writes: its default output, or Parquet files with the pictures."""
    for shard in ("00000", "00001"):
        keys = [f"{shard}{number:04}" for number in range(8)]
        labels = ["cat", "dog"] * 4
        rows = pl.DataFrame(
            {
                "url": ["http://x.invalid"] * 8,
                "key": keys,
                "status": ["success"] * 7 + ["failed_to_download"],
                "error_message": [None] * 7 + ["HTTP Error 404"],
                "label": labels,
                "sha256": pl.Series([None] * 8, dtype=pl.String if shard == "00000" else pl.Null),
            }
        )
        (folder / shard).mkdir(parents=True) if not encoded else folder.mkdir(exist_ok=True)
        data = [picture(label, int(key)) for key, label in zip(keys, labels, strict=True)]
        if encoded:
            rows = rows.drop("sha256").with_columns(jpg=pl.Series([*data[:7], None]))
        else:
            for key, label, bytes_ in list(zip(keys, labels, data, strict=True))[:7]:
                (folder / shard / f"{key}.jpg").write_bytes(bytes_)
                (folder / shard / f"{key}.json").write_text(json.dumps({"label": label}))
        rows.write_parquet(folder / f"{shard}.parquet")
        (folder / f"{shard}_stats.json").write_text("{}")


def test_img2datasets_files_are_read_by_their_rows(tmp_path: Path) -> None:
    shard_files(tmp_path / "images", encoded=False)
    (tmp_path / "images" / "00000" / "9.jpg").write_bytes(picture("cat", 0))
    rows, said = weighted(tmp_path / "images")
    assert len(rows) == 16
    assert rows["label"].to_list() == ["cat", "dog"] * 8
    assert rows.group_by("download_status", "status").len().sort("len").rows() == [
        ("failed_to_download", "missing", 2), ("success", "ok", 14)
    ]  # fmt: skip
    assert rows["image"][0] == "images/00000/000000000.jpg"
    assert "pictures that no row names (1): 00000/9.jpg" in said


def test_img2datasets_shards_without_their_rows_are_no_classes(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    shard_files(folder, encoded=False)
    for file in folder.glob("*.parquet"):
        file.unlink()
    said = refusal(folder)
    assert "look like img2dataset's shards" in said
    command = said[said.index("for d in") :].removesuffix(".")
    subprocess.run(["bash", "-c", command], check=True)
    rows, _ = weighted(folder)
    assert rows.sort("key")["label"].to_list() == (["cat", "dog"] * 4)[:7] * 2
    assert rows["status"].unique().to_list() == ["ok"]


def test_img2datasets_parquet_files_keep_their_status_under_another_name(tmp_path: Path) -> None:
    shard_files(tmp_path / "images", encoded=True)
    rows, _ = weighted(tmp_path / "images")
    assert rows.group_by("download_status", "status").len().sort("len").rows() == [
        ("failed_to_download", "missing", 2), ("success", "ok", 14)
    ]  # fmt: skip
    (tmp_path / "w.parquet").rename(tmp_path / "again.parquet")
    rows, _ = weighted(tmp_path / "images", "--prefix", "curate_")
    assert rows["status"].unique(maintain_order=True).to_list() == ["success", "failed_to_download"]
    table = pl.read_parquet(tmp_path / "images" / "00000.parquet").drop("error_message")
    (tmp_path / "other").mkdir()
    table.write_parquet(tmp_path / "other" / "0.parquet")
    assert "already has a column 'status'" in refusal_again(tmp_path / "other")


FORMS = ("files", "webdataset", "parquet")


def downloaded(folder: Path, form: str) -> dict[str, dict[str, object]]:
    """Write what img2dataset writes in one of its forms; return the JSON of each sample."""
    kept = {}
    for shard in ("00000", "00001"):
        rows, members = [], {}
        for number in range(8):
            key, label = f"{shard}{number:04}", "cat" if number % 2 else "dog"
            there = number != 3
            fields = {
                "query": label, "caption": f"a {label}", "url": f"http://x.invalid/{key}",
                "key": key, "status": "success" if there else "failed_to_download",
                "error_message": None if there else "HTTP Error 404",
                "width": 16 if there else None, "exif": "{}" if there else None,
            }  # fmt: skip
            rows.append(fields)
            if there:
                kept[key] = fields
                members |= {f"{key}.jpg": picture(label, int(key)),
                            f"{key}.txt": f"a {label}".encode(),
                            f"{key}.json": json.dumps(fields, indent=4).encode()}  # fmt: skip
        table = pl.DataFrame(rows)
        folder.mkdir(exist_ok=True)
        if form == "parquet":
            pictures = [members.get(f"{row['key']}.jpg") for row in rows]
            table = table.with_columns(txt=pl.col("caption"), jpg=pl.Series(pictures))
        elif form == "webdataset":
            pack(folder / f"{shard}.tar", members)
        else:
            (folder / shard).mkdir()
            for name, data in members.items():
                (folder / shard / name).write_bytes(data)
        table.write_parquet(folder / f"{shard}.parquet")
        (folder / f"{shard}_stats.json").write_text('{"count": 8}')
    return kept


@pytest.mark.parametrize("form", FORMS)
def test_img2datasets_forms_are_read_by_the_query_and_leave_with_their_whole_json(
    tmp_path: Path, form: str
) -> None:
    kept = downloaded(tmp_path / "images", form)
    rows, said = weighted(tmp_path / "images", "--label", "query")
    assert "passed over" not in said
    assert len(rows) == (len(kept) if form == "webdataset" else 16)
    assert rows.filter(pl.col("status") == "ok")["key"].to_list() == list(kept)
    arguments = ["export", tmp_path / "w.parquet", "--to", "webdataset", "--out", tmp_path / "out",
                 "--keep", "all"]  # fmt: skip
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    with tarfile.open(tmp_path / "out" / "00000.tar") as tar:
        found = [json.load(tar.extractfile(name)) for name in tar.getnames() if ".json" in name]
    assert len(found) == len(kept)
    for fields in found:
        own = kept[fields["key"]]
        assert fields["status"] == "ok" and fields["weight"] is not None
        assert {**fields, "status": fields["download_status"]}.items() >= own.items()


def test_a_member_that_is_named_is_named_in_the_output_too(tmp_path: Path) -> None:
    members = {}
    for number in range(12):
        label, other = ("cat", "dog") if number % 2 else ("dog", "cat")
        members |= {f"{number}.jpg": picture(other, number), f"{number}.cls": other.encode(),
                    f"{number}.seg.png": picture(label, number),
                    f"{number}.cls2": label.encode()}  # fmt: skip
    path = pack(tmp_path / "tars" / "0.tar", members)
    rows, _ = weighted(path, "--image", "seg.png", "--label", "cls2")
    assert rows["image"].to_list() == [f"{number}.seg.png" for number in range(12)]
    assert rows["label"].to_list() == ["dog", "cat"] * 6
    assert rows["status"].unique().to_list() == ["ok"]
    out = str(tmp_path / "tars" / "w.parquet")
    assert CliRunner().invoke(app, ["inspect", out]).exit_code == 0
    exported = CliRunner().invoke(app, ["export", out, "--to", "imagefolder", "--out",
                                        str(tmp_path / "x")])  # fmt: skip
    assert exported.exit_code == 0, exported.output
