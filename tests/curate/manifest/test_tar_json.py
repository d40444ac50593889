"""The JSON beside pictures of tars, by the pictures' places in them."""

import json
import tarfile
from pathlib import Path

import pytest

from curate.manifest.tar_json import JsonBeside, first_fields
from tests.crawls import write_tar


def beside(path: Path, name: str) -> dict[str, object]:
    with tarfile.open(path) as archive:
        return JsonBeside().of(path, archive.getmember(name).offset_data)


@pytest.mark.parametrize(
    ("picture", "name"),
    [
        ("1.jpg", "1.json"), ("./x.y/1.jpg", "x.y/1.json"), ("1.seg.png", "1.json"),
        ("1.v0.jpg", "1.v0.json"), ("1.jpg", "1.JSON"), ("1", "1.json"),
    ],
)  # fmt: skip
def test_it_has_the_name_of_the_picture_or_of_the_sample(
    tmp_path: Path, picture: str, name: str
) -> None:
    members = {name: b'{"url": "u", "n": [1, null]}', picture: b"x", "2.jpg": b"", "2.json": b"{}"}
    assert beside(write_tar(tmp_path / "0.tar", members), picture) == {"url": "u", "n": [1, None]}


@pytest.mark.parametrize("data", [b"{", b"", b"[" * 100_000, b" " * (2 << 20)])
def test_what_is_no_json_or_endless_is_empty(tmp_path: Path, data: bytes) -> None:
    path = write_tar(tmp_path / "0.tar", {"1.jpg": b"x", "1.json": data, "2.jpg": b"x"})
    assert beside(path, "1.jpg") == beside(path, "2.jpg") == {}
    assert first_fields(path) == []


def test_a_value_that_is_no_object_is_the_label(tmp_path: Path) -> None:
    assert beside(write_tar(tmp_path / "0.tar", {"1.json": b'"cat"', "1.jpg": b""}), "1.jpg") == {
        "label": "cat"
    }


def test_one_tar_after_the_other(tmp_path: Path) -> None:
    paths = [
        write_tar(tmp_path / f"{n}.tar", {"1.jpg": b"x", "1.json": json.dumps({"n": n}).encode()})
        for n in range(2)
    ]
    reader = JsonBeside()
    assert [reader.of(path, 512)["n"] for path in (*paths, paths[0])] == [0, 1, 0]
    assert first_fields(paths[0]) == ["n"]
