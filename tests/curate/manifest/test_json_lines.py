import json
import math
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from curate.errors import CurateError
from curate.manifest.json_lines import are_regular, json_tables
from curate.manifest.tables import table_to_parquet


def read(path: Path) -> pl.DataFrame:
    target = path.with_name("rows.parquet")
    table_to_parquet(path, target)
    return pl.read_parquet(target)


def written(tmp_path: Path, *rows: object, name: str = "crawl.jsonl") -> Path:
    path = tmp_path / name
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def refusal(path: Path) -> str:
    with pytest.raises(CurateError) as caught:
        table_to_parquet(path, path.with_name("rows.parquet"))
    assert len(str(caught.value)) < 600
    return str(caught.value)


def skipped(path: Path) -> list[str]:
    return list(map(str, table_to_parquet(path, path.with_name("rows.parquet"))))


@pytest.mark.parametrize("at", [0, 1, 70])
@pytest.mark.parametrize("name", ["crawl.jsonl", "crawl.json"])
def test_of_a_field_that_stands_twice_the_last_counts(tmp_path: Path, name: str, at: int) -> None:
    path = written(tmp_path, *({"n": n, "label": "cat"} for n in range(80)), name=name)
    lines = path.read_text().splitlines()
    lines[at] = '{"n": 1, "label": "no", "label": "dog"}'
    path.write_text("\n".join(lines))
    words = f"an object, of which the last counts (1): line {at + 1} ('label')"
    assert skipped(path) == [f"fields that stand twice in {words}"]
    assert read(path)["label"][at] == "dog"
    path.write_text(f"[{','.join(lines)}]")
    counts = "an object, of which the last counts (1): 'label'"
    assert [counts in each for each in skipped(path)] == [True]
    assert read(path)["label"][at] == "dog"


def test_a_name_that_is_also_a_value_stands_once(tmp_path: Path) -> None:
    path = written(tmp_path, *({"label": "cat", "kind": "label"} for _ in range(3)))
    assert (skipped(path), are_regular(path)) == ([], True)


def test_empty_lines_are_counted(tmp_path: Path) -> None:
    path = written(tmp_path, {"label": "cat"}, {"label": "dog"})
    path.write_text(path.read_text().replace("\n", "\n\n", 1))
    assert skipped(path) == ["empty lines (1): line 2"]
    assert len(read(path)) == 2


def test_lone_halves_of_pairs_are_replaced_and_pairs_kept(tmp_path: Path) -> None:
    path = tmp_path / "crawl.jsonl"
    path.write_text('{"label": "a\\ud83d"}\n{"label": "\\ude00b"}\n{"label": "\\ud83d\\ude00"}\n')
    assert read(path)["label"].to_list() == ["a\ufffd", "\ufffdb", "\U0001f600"]
    path.write_text('{"label": "\\ud83d\\ude00"}\n')
    assert are_regular(path)


@pytest.mark.parametrize("large", [2**53 + 1, -(2**60) - 1])
def test_large_whole_numbers_beside_others_keep_their_digits(tmp_path: Path, large: int) -> None:
    path = written(tmp_path, {"label": "a", "n": large}, {"label": "b", "n": 0.5})
    assert read(path)["n"].to_list() == [str(large), "0.5"]
    path = written(tmp_path, {"label": "a", "n": 2**53}, {"label": "b", "n": 0.5})
    assert read(path)["n"].to_list() == [2.0**53, 0.5]


def test_nan_in_a_list_of_texts_is_null(tmp_path: Path) -> None:
    path = written(tmp_path, {"label": ["a", math.nan]}, {"label": [math.nan]}, {"label": ["b"]})
    assert read(path)["label"].to_list() == [["a", None], [None], ["b"]]


def test_lists_of_several_kinds_are_texts(tmp_path: Path) -> None:
    path = written(tmp_path, {"x": [1, "a", None]}, {"x": [math.nan, {"y": 1}]})
    assert read(path)["x"].to_list() == ['[1, "a", null]', '[NaN, {"y": 1}]']


def test_an_array_is_read_whatever_its_ending(tmp_path: Path) -> None:
    path = tmp_path / "crawl.jsonl"
    path.write_text(json.dumps([{"label": "a"}, {"label": "b"}], indent=1))
    assert read(path)["label"].to_list() == ["a", "b"]


@pytest.mark.parametrize("indent", [None, 1])
def test_one_object_is_no_table(tmp_path: Path, indent: int | None) -> None:
    path = tmp_path / "coco.json"
    path.write_text(json.dumps({"images": [{"id": 1}], "annotations": []}, indent=indent))
    words = refusal(path)
    assert "is one JSON object with the fields images, annotations" in words
    assert "orient='records'" in words


def test_nan_and_infinity_are_read_as_python_writes_them(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        {"label": "cat", "score": math.nan, "n": 7},
        {"label": math.nan, "score": -math.inf, "n": math.nan},
        {"label": "dog", "score": 1, "n": 2**63 - 1},
    )
    table = read(path)
    assert table["label"].to_list() == ["cat", None, "dog"]
    assert math.isnan(table["score"][0])
    assert table["score"].to_list()[1:] == [-math.inf, 1.0]
    assert table["n"].to_list() == [7, None, 2**63 - 1]


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [
        ([2**64 - 1, 0], pl.UInt64),
        ([-(2**63), 2**63 - 1], pl.Int64),
        ([-1, 2**64 - 1], pl.String),
        ([2**80, 1], pl.String),
        ([2**64 - 1, "a"], pl.String),
    ],
)
def test_whole_numbers_keep_their_digits(
    tmp_path: Path, numbers: list[object], kind: pl.DataType
) -> None:
    table = read(written(tmp_path, *({"label": "a", "hash": number} for number in numbers)))
    assert table.schema["hash"] == kind
    assert [str(value) for value in table["hash"]] == [str(number) for number in numbers]


def test_both_readers_give_the_same(tmp_path: Path) -> None:
    rows = [
        {"label": "cat", "n": 1, "tags": ["a"], "x": 1, "deep": {"a": 1}, "b": True, "k": "1"},
        {"label": "dog", "n": None, "tags": [], "x": 0.5, "deep": {"a": 2, "c": None}, "k": 2},
        {"label": "é\n", "tags": None, "x": 3, "b": False, "k": [1]},
    ]
    path = written(tmp_path, *rows)
    assert are_regular(path)
    quick = read(path)
    careful = read(written(tmp_path, *rows, name="crawl.json"))
    assert quick.select("label", "n", "tags", "x", "b").equals(
        careful.select("label", "n", "tags", "x", "b"), null_equal=True
    )
    assert careful["k"].to_list()[:2] == ["1", "2"]


def test_a_json_array_of_objects_is_read(tmp_path: Path) -> None:
    path = tmp_path / "crawl.json"
    path.write_text(json.dumps([{"label": "a", "labels": ["x"]}, {"label": "b"}], indent=2))
    assert read(path).rows() == [("a", ["x"]), ("b", None)]
    path.write_text('[{"label": "a"}, 3]')
    assert "element 2 ('3') is no JSON object" in refusal(path)


@pytest.mark.parametrize("opening", ['{"a":', "["])
@pytest.mark.parametrize("depth", [100, 500, 20_000])
def test_a_deep_line_is_refused_at_once_with_its_number(
    tmp_path: Path, opening: str, depth: int
) -> None:
    path = tmp_path / "crawl.jsonl"
    closing = "}" if opening.startswith("{") else "]"
    deep = '{"x":' + opening * depth + "1" + closing * depth + "}"
    path.write_text('{"label": "a"}\n{"label": "b"}\n' + deep + "\n")
    assert "line 3 (" in refusal(path)
    assert "more than 32 objects or lists one in another" in refusal(path)


def test_a_field_for_each_row_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, *({"label": "a", f"id{at}": 1} for at in range(100_000)))
    assert "columns, and curate takes 2,000 at most" in refusal(path)


@pytest.mark.parametrize("line", ["{oops", '"text"', "[1, 2]", "NaN", '{"a": 1} {"a": 2}'])
def test_a_line_that_is_no_object_is_shown(tmp_path: Path, line: str) -> None:
    path = tmp_path / "crawl.jsonl"
    path.write_text(f'{{"label": "a"}}\n\n{line}\n')
    assert f"line 3 ('{line}')" in refusal(path)


def test_half_a_surrogate_pair_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "crawl.json"
    path.write_text('[{"label": "a\\ud83d", "x": NaN}, {"label": "\\ud83d\\ude00", "x": 1}]')
    assert read(path)["label"].to_list() == ["a�", "😀"]


@pytest.mark.parametrize("name", ["x.jsonl", "x.json"])
def test_only_a_row_that_is_refused_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    shown: list[object] = []
    monkeypatch.setattr("curate.manifest.json_lines.at_line", lambda *at: shown.append(at))
    monkeypatch.setattr("curate.manifest.json_lines.brief", shown.append)
    (tmp_path / name).write_text('[{"label": "cat"}]' if name == "x.json" else '{"label": "cat"}')
    tables, _ = json_tables(tmp_path / name)
    assert pa.concat_tables(tables).to_pylist() == [{"label": "cat"}]
    assert not shown
