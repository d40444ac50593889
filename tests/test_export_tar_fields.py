"""Exports of tars as tables have the fields of each sample's JSON."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from .crawls import done, png, write_tar

ROWS, NAMES = 24, ("cat", "dog")
TINTS = np.array([[150, 0, 0], [0, 0, 150]])


def fields(row: int) -> dict[str, Any]:
    """The JSON of a sample, as img2dataset writes it, with a few fields of other kinds."""
    return {
        "key": f"{row:05d}", "caption": f"a {NAMES[row % 2]}", "url": f"https://a.org/{row}.jpg",
        "width": 9 + row, "status": "success", "similarity": row / 8 if row % 3 else None,
        "mixed": row if row % 2 else f"n{row}", "tags": ["web", str(row)],
        "inner": {"a": row, "b": [{"c": "d"}]}, **({"rare": True} if row == 5 else {}),
    }  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two tars that were weighed; row 7 has no picture, row 9 no JSON."""
    folder = tmp_path_factory.mktemp("tars")
    (folder / "shards").mkdir()
    rng = np.random.default_rng(0)
    for tar in range(2):
        members: dict[str, bytes] = {}
        for row in range(tar * ROWS // 2, (tar + 1) * ROWS // 2):
            if row != 7:
                pixels = rng.integers(0, 100, (9, 9, 3)) + TINTS[row % 2]
                members[f"{row:05d}.png"] = png(pixels)
            members[f"{row:05d}.cls"] = NAMES[row % 2].encode()
            if row != 9:
                members[f"{row:05d}.json"] = json.dumps(fields(row)).encode()
        write_tar(folder / f"shards/{tar:05d}.tar", members)
    done("weight", folder / "shards", "--encoder", "embedded", "--graph", "none")
    return folder


def export(folder: Path, to: str, out: Path, *options: object) -> str:
    return done("export", folder / "shards.weighted.parquet", "--to", to, "--keep", "all",
                "--out", out, *options)  # fmt: skip


def test_each_field_is_a_column_of_its_own_type(folder: Path, tmp_path: Path) -> None:
    export(folder, "parquet", tmp_path / "out.parquet")
    rows = pl.read_parquet(tmp_path / "out.parquet").to_dicts()
    assert len(rows) == ROWS
    for row, found in enumerate(rows):
        told = {} if row == 9 else fields(row)
        for name in ("url", "width", "similarity", "tags", "inner", "rare"):
            assert found[name] == told.get(name)
        assert found["mixed"] == (str(told["mixed"]) if told else None)
        assert found["download_status"] == told.get("status")
        assert found["status"] == ("missing" if row == 7 else "ok")
        assert found["key"] == f"{row:05d}"
    assert not {"download_key", "download_caption", "download_label"} & rows[0].keys()


def test_json_lines_have_them_too(folder: Path, tmp_path: Path) -> None:
    export(folder, "jsonl", tmp_path / "out.jsonl", "--rename", "url=source")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["source"] for row in rows[:2]] == ["https://a.org/0.jpg", "https://a.org/1.jpg"]
    assert rows[3]["inner"] == {"a": 3, "b": [{"c": "d"}]}


def test_a_csv_has_lists_and_objects_as_json(folder: Path, tmp_path: Path) -> None:
    export(folder, "csv", tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[3]["width"] == "12"
    assert json.loads(rows[3]["tags"]) == ["web", "3"]
    assert json.loads(rows[3]["inner"]) == fields(3)["inner"]
    assert rows[9]["inner"] == ""


def test_a_hugging_face_dataset_has_them(folder: Path, tmp_path: Path) -> None:
    export(folder, "huggingface", tmp_path / "out", "--split", "0.5/0.5")
    rows = pl.concat([pl.read_parquet(file) for file in (tmp_path / "out").rglob("*.parquet")])
    told = {row["key"]: (row["url"], row["width"]) for row in rows.to_dicts()}
    assert told == {
        f"{row:05d}": (None, None) if row == 9 else (f"https://a.org/{row}.jpg", 9 + row)
        for row in range(ROWS)
        if row != 7
    }


def test_what_was_exported_is_exported_again_with_each_field_once(
    folder: Path, tmp_path: Path
) -> None:
    first, again = tmp_path / "first.parquet", tmp_path / "again.parquet"
    export(folder, "parquet", first)
    done("export", first, "--to", "parquet", "--keep", "all", "--out", again)
    assert pl.read_parquet(again).equals(pl.read_parquet(first))


def test_of_chosen_rows_only_their_fields_are_there(folder: Path, tmp_path: Path) -> None:
    export(folder, "parquet", tmp_path / "out.parquet", "--sample", 5)
    rows = pl.read_parquet(tmp_path / "out.parquet").to_dicts()
    assert len(rows) == 5
    for row in rows:
        assert row["url"] == (None if row["key"] == "00009" else fields(int(row["key"]))["url"])


def few_with(folder: Path, own: Callable[[int], dict[str, Any]]) -> list[dict[str, str]]:
    """Weigh a tar whose samples have these fields, and return the rows of its CSV."""
    rng, members = np.random.default_rng(0), {}
    for row in range(20):
        members[f"{row:02d}.png"] = png(rng.integers(0, 100, (9, 9, 3)) + TINTS[row % 2])
        told = {"label": NAMES[row % 2], **own(row)}
        members[f"{row:02d}.json"] = json.dumps(told).encode()
    write_tar(folder / "shards.tar", members)
    done("weight", folder / "shards.tar", "--encoder", "embedded", "--graph", "none")
    export(folder, "csv", folder / "out.csv")
    export(folder, "parquet", folder / "out.parquet")
    with (folder / "out.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_endless_fields_are_one_column_of_json(tmp_path: Path) -> None:
    rows = few_with(tmp_path, lambda row: {f"user_{row}_{n}": n for n in range(20)})
    assert json.loads(rows[4]["json"])["user_4_19"] == 19
    assert rows[4]["label"] == "cat"


def test_fields_for_which_parquet_has_no_type_are_one_column_of_json(tmp_path: Path) -> None:
    rows = few_with(tmp_path, lambda row: {"found": [{"in": {}}] * (row % 2), "n": row})
    assert json.loads(rows[3]["found"]) == [{"in": {}}] and rows[3]["n"] == "3"
    whole = pl.read_parquet(tmp_path / "out.parquet")["json"]
    assert json.loads(whole[3]) == {"label": "dog", "found": [{"in": {}}], "n": 3}


def test_rows_whose_tar_is_gone_are_written_and_counted(folder: Path, tmp_path: Path) -> None:
    tar = folder / "shards" / "00001.tar"
    tar.rename(tmp_path / "kept.tar")
    try:
        said = export(folder, "parquet", tmp_path / "out.parquet")
    finally:
        (tmp_path / "kept.tar").rename(tar)
    assert "rows without the fields of JSON, whose tar cannot be read (12): 00012, 00013" in said
    rows = pl.read_parquet(tmp_path / "out.parquet")
    assert len(rows) == ROWS
    assert rows["url"].null_count() == 13
