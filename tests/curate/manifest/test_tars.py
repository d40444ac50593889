import io
import json
import tarfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl
import pytest

from curate.errors import CurateError
from curate.manifest.tars import tars_table
from curate.options.columns import ColumnOptions

PNG = b"\x89PNG\r\n\x1a\n"


def tar(path: Path, *members: tuple[str, bytes]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def indexed(path: Path, **named: str) -> tuple[pl.DataFrame, dict[str, int]]:
    table, skipped = tars_table([path], ColumnOptions(**named))
    return table, {each.what: each.count for each in skipped}


def rows(path: Path, **named: str) -> list[tuple[object, ...]]:
    return indexed(path, **named)[0].select("key", "image", "label").rows()


def refusal(path: Path, **named: str) -> str:
    with pytest.raises(CurateError) as caught:
        tars_table([path], ColumnOptions(**named))
    return str(caught.value)


def pairs(keys: Iterable[str], *endings: str) -> list[tuple[str, bytes]]:
    return [
        (f"{key}.{ending}", b"cat" if ending.endswith("cls") else PNG)
        for key in keys
        for ending in endings
    ]


def test_names_that_go_on_after_the_dot_are_samples_of_their_own(tmp_path: Path) -> None:
    path = tar(tmp_path / "0.tar", *pairs(["a.v0", "a.v1", "b.v1.2"], "jpg", "cls"))
    assert rows(path) == [
        ("a.v0", "a.v0.jpg", "cat"),
        ("a.v1", "a.v1.jpg", "cat"),
        ("b", "b.v1.2.jpg", "cat"),
    ]
    apart = pairs(["a.v0", "a.v1"], "jpg") + pairs(["a.v0", "a.v1"], "cls")
    assert rows(tar(tmp_path / "1.tar", *apart)) == rows(path)[:2]


def test_of_two_pictures_the_plain_ending_is_taken_and_the_other_named(tmp_path: Path) -> None:
    path = tar(tmp_path / "0.tar", *pairs("ab", "depth.png", "jpg", "cls"))
    assert rows(path) == [("a", "a.jpg", "cat"), ("b", "b.jpg", "cat")]
    _, (further,) = tars_table([path], ColumnOptions())
    assert str(further).startswith("pictures beside the one that is taken (--image names")
    assert further.examples == ("a.depth.png", "b.depth.png")
    both_plain = tar(tmp_path / "1.tar", *pairs("a", "png", "jpg", "cls"))
    assert rows(both_plain) == [("a", "a.jpg", "cat")]


def test_pictures_of_which_none_is_plain_are_not_chosen_between(tmp_path: Path) -> None:
    path = tar(tmp_path / "0.tar", *pairs("a", "depth.png", "rgb.png", "cls"), *pairs("b", "jpg"))
    table, passed = indexed(path)
    assert table.select("key", "image").rows() == [("a", None), ("b", "b.jpg")]
    assert [what for what in passed if "none has a plain ending" in what]
    assert rows(path, image="rgb.png")[0] == ("a", "a.rgb.png", "cat")


def test_options_name_members(tmp_path: Path) -> None:
    members = [*pairs("a", "jpg", "seg.png", "cls"), ("a.cls2", b"dog"), ("a.fine.txt", b"pug")]
    path = tar(tmp_path / "0.tar", *members)
    assert rows(path, image="seg.png") == [("a", "a.seg.png", "cat")]
    assert rows(path, label="cls2") == [("a", "a.jpg", "dog")]
    assert rows(path, label="fine.txt") == [("a", "a.jpg", "pug")]
    assert indexed(path, caption="fine.txt")[0]["caption"].to_list() == ["pug"]
    assert "no sample has a member 'mask.png' (--image). Its samples have members: jpg," in refusal(
        path, image="mask.png"
    )
    assert "no member and no field of .json is called 'sort' (--label)" in refusal(
        path, label="sort"
    )


@pytest.mark.parametrize("option", ["label", "caption"])
def test_a_field_that_no_json_has_is_told_with_those_that_there_are(
    tmp_path: Path, option: str
) -> None:
    fields = json.dumps({"label": "cat", "query": "cats", "url": "u"}).encode()
    path = tar(tmp_path / "0.tar", *pairs("ab", "jpg"), ("a.json", b"{}"), ("b.json", fields))
    assert rows(path, label="query") == [("a", "a.jpg", None), ("b", "b.jpg", "cats")]
    words = refusal(path, **{option: "qwery"})
    assert f"no field of .json is called 'qwery' (--{option})" in words
    assert words.endswith("The first .json has the fields: label, query, url.")


def test_members_of_a_sample_may_lie_apart(tmp_path: Path) -> None:
    apart = pairs("ab", "jpg") + pairs("ab", "cls")
    assert rows(tar(tmp_path / "0.tar", *apart)) == [("a", "a.jpg", "cat"), ("b", "b.jpg", "cat")]


def test_a_name_that_comes_again_counts_once_and_is_named(tmp_path: Path) -> None:
    path = tar(tmp_path / "0.tar", *pairs("a", "jpg", "cls"), ("a.cls", b"dog"))
    table, passed = indexed(path)
    assert table.select("key", "label").rows() == [("a", "dog")]
    assert passed == {"members whose name comes again later": 1}


def test_hidden_members_are_passed_over(tmp_path: Path) -> None:
    hidden = ["._a.jpg", "x/._a.cls", ".DS_Store", "__MACOSX/a.jpg", "PaxHeaders.12/a.jpg",
              ".ipynb_checkpoints/a.jpg"]  # fmt: skip
    members = [(name, b"\0\5\26\7") for name in hidden]
    path = tar(tmp_path / "0.tar", *members, *pairs(["./a"], "jpg", "cls"))
    table, passed = indexed(path)
    assert table.select("key", "label").rows() == [("a", "cat")]
    assert passed == {"hidden members": 6}


def test_a_picture_is_told_by_its_first_bytes_where_its_name_says_nothing(tmp_path: Path) -> None:
    names = ["a.jfif", "b.jpg?width=600", "c.jpg.1", "d", "e.input"]
    texts = [(f"{name[0]}.cls", b"cat") for name in names]
    path = tar(tmp_path / "0.tar", *((n, PNG) for n in names), *texts, ("f.npy", b"\x93NUMPY"))
    table, passed = indexed(path)
    assert table["image"].to_list() == names
    assert passed == {"members that are neither pictures nor texts": 1}


def test_what_is_bad_costs_its_own_row(tmp_path: Path) -> None:
    members = pairs("abcdefg", "jpg")
    deep = b"[" * 200_000
    for key, data in (("a", b'{"label": "cat"}'), ("b", b"{oops"), ("c", deep), ("d", b"\xff"),
                      ("e", b'{"label": {"a": 1}}'), ("f", b'{"label": "\\ud800x"}'),
                      ("g", b'{"label": "%s"}' % bytes(2 << 20))):  # fmt: skip
        members.append((f"{key}.json", data))
    table, passed = indexed(tar(tmp_path / "0.tar", *members))
    assert table["image"].count() == 7
    assert table["label"].to_list() == ["cat", None, None, None, None, "\\ud800x", None]
    assert list(passed.values()) == [3, 1, 1]
    assert next(iter(passed)) == "JSON members that are not JSON"
    assert list(passed)[2] == "texts longer than 1,048,576 bytes"


def test_json_500_deep_is_read_at_once(tmp_path: Path) -> None:
    deep = b'{"label": "cat", "more": ' + b"[" * 500 + b"]" * 500 + b"}"
    assert rows(tar(tmp_path / "0.tar", ("a.jpg", PNG), ("a.json", deep)))[0][2] == "cat"


def test_links_and_devices_are_no_pictures(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "0.tar", "w") as archive:
        for name, kind in (("a.jpg", tarfile.SYMTYPE), ("b.jpg", tarfile.CHRTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        info = tarfile.TarInfo("a.cls")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"cat"))
    table, passed = indexed(tmp_path / "0.tar")
    assert table.select("key", "image", "label").rows() == [("a", None, "cat")]
    assert passed == {"members that are links, pipes or devices": 2}


def test_a_tar_without_labels_says_so(tmp_path: Path) -> None:
    path = tar(tmp_path / "0.tar", *pairs(["cat/1", "dog/1"], "jpg"))
    words = refusal(path)
    assert "no sample has a label (a member .cls, or a field 'label' in .json" in words
    assert "if folders in it are the classes, unpack it" in words
    assert words.endswith("Its samples have members: jpg.")
    broken = tar(tmp_path / "1.tar", *pairs("a", "jpg"), ("a.json", b"{"))
    assert "passed over: JSON members that are not JSON (1): a.json" in refusal(broken)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["cat", ["a", 1, None]], [["cat"], ["a", "1", None]]),
        ([7, 0.5], ["7", "0.5"]),
        (["[cat", '["a"]'], [["[cat"], ["a"]]),
        (["[cat", "cat"], ["[cat", "cat"]),
    ],
)
def test_labels_are_texts_or_lists(
    tmp_path: Path, labels: Sequence[object], expected: object
) -> None:
    members = [(f"{at}.json", json.dumps({"label": x}).encode()) for at, x in enumerate(labels)]
    assert indexed(tar(tmp_path / "0.tar", *members))[0]["label"].to_list() == expected


def test_a_compressed_tar_is_named_with_the_line_that_turns_it(tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "0.tar"
    path.write_bytes(gzip.compress(b"x" * 2_000))
    assert f"convert it with: gzip -dc {path} > {tmp_path}/0.plain.tar" in refusal(path)


def test_labels_that_are_not_utf_8_stay_apart_and_are_counted(tmp_path: Path) -> None:
    members = [("a.jpg", PNG), ("a.cls", b"caf\xe9"), ("b.jpg", PNG), ("b.cls", b"caf\xe8")]
    table, passed = indexed(tar(tmp_path / "0.tar", *members))
    assert table["label"].to_list() == ["caf\\xe9", "caf\\xe8"]
    assert passed == {"texts that are not UTF-8, escaped where they are not": 2}


def test_numbers_as_pandas_writes_them(tmp_path: Path) -> None:
    texts = [b'{"label": 2.0}', b'{"label": 2}', b'{"label": NaN}']
    members = [(f"{at}.json", text) for at, text in enumerate(texts)]
    table, _ = indexed(tar(tmp_path / "0.tar", *members))
    assert table["label"].to_list() == ["2", "2", None]
