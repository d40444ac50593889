import io
import json
import os
import tarfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from curate.errors import CurateError
from curate.manifest.manifest import Manifest
from curate.manifest.open import open_manifest
from curate.options.columns import ColumnOptions
from curate.store.folders import Folders
from tests.crawls import plain_png


def opened(path: Path, tmp_path: Path, **columns: str) -> Manifest:
    return open_manifest(path, ColumnOptions(**columns), None, Folders(tmp_path / "frozen"))


def png(value: int) -> bytes:
    return plain_png((value, 0, 0), (4, 4))


def refusal(path: Path, tmp_path: Path, **columns: str) -> str:
    with pytest.raises(CurateError) as caught:
        opened(path, tmp_path, **columns)
    return str(caught.value)


def test_parquet_is_read_where_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "crawl.parquet"
    pl.DataFrame({"image": [b"x"], "label": ["cat"], "key": ["a"]}).write_parquet(path)
    manifest = opened(path, tmp_path)
    assert [part.path for part in manifest.parts] == [path]
    assert (manifest.columns.image, manifest.columns.label, manifest.columns.key) == (
        "image",
        "label",
        "key",
    )


def test_a_folder_of_parquet_files_is_one_manifest_in_numeric_order(tmp_path: Path) -> None:
    folder = tmp_path / "crawl"
    folder.mkdir()
    for number in (10, 9, 1):
        table = pl.DataFrame({"image": [b""], "label": [str(number)]})
        table.write_parquet(folder / f"part_{number}.parquet")
    assert opened(folder, tmp_path).scan().collect()["label"].to_list() == ["1", "9", "10"]


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl"])
def test_text_tables_keep_their_values(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"crawl.{ending}"
    table = pl.DataFrame({"image": ["a,b.png", 'q"x'], "label": ["007", "é\nü"], "n": ["", None]})
    if ending == "jsonl":
        table.write_ndjson(path)
    else:
        table.write_csv(path, separator="," if ending == "csv" else "\t")
    rows = opened(path, tmp_path).scan().collect()
    assert rows["image"].to_list() == ["a,b.png", 'q"x']
    assert rows["label"].to_list() == ["007", "é\nü"]


def test_a_changed_text_table_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "crawl.csv"
    path.write_text("image,label\na,x\n")
    assert opened(path, tmp_path).rows == 1
    path.write_text("image,label\na,x\nb,y\n")
    os.utime(path, (1, 1))
    assert opened(path, tmp_path).rows == 2


def test_in_an_image_folder_the_first_folder_is_the_class(tmp_path: Path) -> None:
    folder = tmp_path / "crawl"
    for name in (
        "cat/1.png",
        "cat/deep/2.JPG",
        "dog/3.webp",
        "4.png",
        ".hidden/5.png",
        "dog/a.txt",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"text" if name.endswith(".txt") else png(0))
    (folder / "dog" / "loop").symlink_to(folder)
    rows = opened(folder, tmp_path).scan().collect()
    assert rows.rows() == [
        ("4.png", "4.png", None),
        ("cat/1.png", "cat/1.png", "cat"),
        ("cat/deep/2.JPG", "cat/deep/2.JPG", "cat"),
        ("dog/3.webp", "dog/3.webp", "dog"),
    ]


def test_tars_are_indexed_and_not_extracted(tmp_path: Path) -> None:
    folder = tmp_path / "tars"
    folder.mkdir()
    members = {
        "a/1.png": png(1),
        "a/1.cls": b"cat\n",
        "2.jpg": png(2),
        "2.json": json.dumps({"label": "dog", "caption": "a dog"}).encode(),
        "2.txt": b"a text",
        "3.cls": b"bird",
    }
    with tarfile.open(folder / "0.tar", "w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    manifest = opened(folder, tmp_path)
    rows = manifest.scan().collect()
    assert rows.select("key", "image", "label", "caption").rows() == [
        ("a/1", "a/1.png", "cat", None),
        ("2", "2.jpg", "dog", "a text"),
        ("3", None, "bird", None),
    ]
    offset, length = rows.select("offset", "length").row(1)
    assert (folder / "0.tar").read_bytes()[offset : offset + length] == png(2)
    assert sorted(file.name for file in folder.iterdir()) == ["0.tar"]


def test_a_json_field_of_a_tar_can_be_named_as_the_label(tmp_path: Path) -> None:
    data = json.dumps({"species": 7}).encode()
    with tarfile.open(tmp_path / "0.tar", "w") as tar:
        info = tarfile.TarInfo("1.json")
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    rows = opened(tmp_path / "0.tar", tmp_path, label="species").scan().collect()
    assert rows["label"].to_list() == ["7"]


def test_clip_retrieval_output_is_its_metadata(tmp_path: Path) -> None:
    for part in (0, 1):
        for name in ("metadata", "img_emb"):
            (tmp_path / "clip" / name).mkdir(parents=True, exist_ok=True)
        table = pl.DataFrame({"image_path": [f"{part}"], "label": ["x"]})
        table.write_parquet(tmp_path / "clip" / "metadata" / f"metadata_{part}.parquet")
        np.save(tmp_path / "clip" / "img_emb" / f"img_emb_{part}.npy", np.ones((1, 4)))
    assert opened(tmp_path / "clip", tmp_path).rows == 2


def test_what_is_wrong_with_a_manifest_is_said_with_the_way_out(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "no.parquet", tmp_path)
    (tmp_path / "text.parquet").write_text("image,label")
    assert "not a readable Parquet file" in refusal(tmp_path / "text.parquet", tmp_path)
    (tmp_path / "a.xlsx").write_text("")
    assert "'.xlsx' is not known" in refusal(tmp_path / "a.xlsx", tmp_path)
    (tmp_path / "empty").mkdir()
    assert "holds no tars, no Parquet files and no pictures" in refusal(
        tmp_path / "empty", tmp_path
    )
    (tmp_path / "empty.csv").write_text("")
    assert "is empty" in refusal(tmp_path / "empty.csv", tmp_path)
    (tmp_path / "none.csv").write_text("image,label\n")
    assert "has no rows" in refusal(tmp_path / "none.csv", tmp_path)
    (tmp_path / "half.tar").write_bytes(b"no tar at all" * 100)
    assert "not a whole, uncompressed tar" in refusal(tmp_path / "half.tar", tmp_path)
    (tmp_path / "bad.jsonl").write_text('{"image": "a", "label": "x"}\n{oops\n')
    assert "line 2 ('{oops') cannot be read as JSON" in refusal(tmp_path / "bad.jsonl", tmp_path)


def test_columns_that_are_not_there_are_named_with_those_that_are(tmp_path: Path) -> None:
    path = tmp_path / "crawl.csv"
    path.write_text("picture,kind\na,x\n")
    assert "no label column; name it with --label, one of: picture, kind" in refusal(path, tmp_path)
    assert "no column 'sort' (--label); its columns are: picture, kind" in refusal(
        path, tmp_path, label="sort"
    )
    assert opened(path, tmp_path, label="kind", image="picture").columns.image == "picture"


def test_labels_that_are_no_texts_or_whole_numbers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "lists.parquet"
    pl.DataFrame({"image": [b""], "label": [[["a"]]]}).write_parquet(path)
    assert "and a label is a text or a whole number" in refusal(path, tmp_path)
    pl.DataFrame({"image": [b""], "label": [[0.5]]}).write_parquet(path)
    assert "and a label is a text or a whole number" in refusal(path, tmp_path)
    pl.DataFrame({"image": [b""], "label": [0.5]}).write_parquet(path)
    assert "is double, and a label is a text or a whole number" in refusal(path, tmp_path)


def test_parts_with_other_columns_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "crawl"
    folder.mkdir()
    pl.DataFrame({"image": [b""], "label": ["a"]}).write_parquet(folder / "0.parquet")
    pl.DataFrame({"image": [b""], "label": [1]}).write_parquet(folder / "1.parquet")
    assert "1.parquet has other columns than" in refusal(folder, tmp_path)
