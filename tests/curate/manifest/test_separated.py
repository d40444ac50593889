import bz2
import gzip
import lzma
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from curate.errors import CurateError
from curate.manifest.tables import read_table, table_to_parquet
from curate.terminal.skipped import Skipped

ROWS = {"image": ["a 1.png", "b.png", "c.png"], "label": ["cat", "dög", None]}


def read(path: Path) -> tuple[pl.DataFrame, tuple[Skipped, ...]]:
    target = path.with_name("rows.parquet")
    skipped = table_to_parquet(path, target)
    return pl.read_parquet(target), skipped


def refusal(path: Path) -> str:
    with pytest.raises(CurateError) as caught:
        table_to_parquet(path, path.with_name("rows.parquet"))
    assert len(str(caught.value)) < 600
    return str(caught.value)


@pytest.mark.parametrize("ending", [".csv", ".tsv"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|", ", "])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_and_ends_of_lines_are_told_by_the_lines(
    tmp_path: Path, ending: str, separator: str, end: str
) -> None:
    lines = [("image", "label"), ("a 1.png", "cat"), ("b.png", "dög"), ("c.png", "")]
    text = "".join(separator.join(line) + end for line in lines)
    (tmp_path / f"crawl{ending}").write_bytes(text.encode())
    table, skipped = read(tmp_path / f"crawl{ending}")
    assert (table.to_dict(as_series=False), skipped) == (ROWS, ())


def test_commas_in_the_header_of_a_table_of_semicolons(tmp_path: Path) -> None:
    path = tmp_path / "crawl.csv"
    path.write_text("image;label;x,y\na.png;cat;0,5\nb.png;dog;1,5\n")
    assert read(path)[0].columns == ["image", "label", "x,y"]
    path.write_text("image,label,x;y\na.png,cat,0;5\nb.png,dog,1;5\n")
    assert read(path)[0].columns == ["image", "label", "x;y"]


@pytest.mark.parametrize("before", ["# made by x\n", "My crawl\n\n"])
def test_lines_before_the_header_are_named(tmp_path: Path, before: str) -> None:
    (tmp_path / "crawl.csv").write_text(f"{before}image,label\na.png,cat\n")
    words = refusal(tmp_path / "crawl.csv")
    assert f"where the header has 1 ('{before.strip()}'); take out what stands before" in words


def test_a_column_that_stands_twice_is_named_with_the_users_file(tmp_path: Path) -> None:
    (tmp_path / "crawl.csv").write_text("image,label,label\na,b,c\n")
    words = refusal(tmp_path / "crawl.csv")
    assert words.startswith(f"{tmp_path / 'crawl.csv'} has two columns named 'label'")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (gzip.compress(b"a,b\n", mtime=0), "is packed by gzip; let its name end in .gz"),
        (b"PK\x03\x04rest", "a zip archive or an Excel workbook"),
        (b"PAR1\0\x15\x04\0", "is a Parquet file; give it the ending .parquet"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "by: git lfs pull"),
        (b"\n<!DOCTYPE html><html>404, gone", "is a web page"),
    ],
)
@pytest.mark.parametrize("name", ["crawl.csv", "crawl.jsonl"])
def test_what_is_no_text_is_told_by_its_first_bytes(
    tmp_path: Path, name: str, data: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(data)
    assert words in refusal(tmp_path / name)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_byte_order_marks_and_utf_16_are_read(tmp_path: Path, encoding: str) -> None:
    text = "image\tlabel\r\na 1.png\tcat\r\nb.png\tdög\r\nc.png\t\r\n"
    (tmp_path / "crawl.csv").write_bytes(text.encode(encoding))
    assert read(tmp_path / "crawl.csv")[0].to_dict(as_series=False) == ROWS


def test_excels_line_with_the_separator_is_no_header(tmp_path: Path) -> None:
    (tmp_path / "crawl.csv").write_text("sep=;\nimage;label\na;x\nb;y,z\n")
    assert read(tmp_path / "crawl.csv")[0].rows() == [("a", "x"), ("b", "y,z")]


@pytest.mark.parametrize("packed", [".gz", ".bz2", ".xz", ".zst"])
@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".json"])
def test_packed_tables_are_read(tmp_path: Path, packed: str, ending: str) -> None:
    text = {
        ".csv": "image,label\na 1.png,cat\nb.png,dög\nc.png,\n",
        ".jsonl": "".join(f"{line}\n" for line in pl.DataFrame(ROWS).write_ndjson().splitlines()),
        ".json": pl.DataFrame(ROWS).write_json(),
    }[ending].encode()
    pack = {
        ".gz": gzip.compress,
        ".bz2": bz2.compress,
        ".xz": lzma.compress,
        ".zst": lambda data: pa.Codec("zstd").compress(data, asbytes=True),
    }[packed]
    path = tmp_path / f"crawl{ending}{packed}"
    path.write_bytes(pack(text))
    assert read(path)[0].to_dict(as_series=False) == ROWS
    path.write_bytes(pack(text)[:-9])
    assert "cannot be unpacked" in refusal(path)


@pytest.mark.parametrize(
    "captions",
    [
        ['"dog of the year', "a dog", 'cat of the year"', "end"],
        ['a 5" nail', '6" and 7"', "a", "b"],
        ["a", "b", "c", '"last'],
        ['""', '"', '" "', 'a"b"'],
    ],
)
def test_lone_quotes_in_a_table_that_does_not_quote_swallow_no_line(
    tmp_path: Path, captions: list[str]
) -> None:
    lines = [f"{number}.png\tcat\t{text}\n" for number, text in enumerate(captions)]
    (tmp_path / "crawl.tsv").write_text("image\tlabel\tcaption\n" + "".join(lines))
    table, skipped = read(tmp_path / "crawl.tsv")
    assert (len(table), skipped) == (4, ())
    if captions[0].startswith('"dog'):
        assert table["caption"].to_list() == captions


def test_lines_inside_cells_are_counted(tmp_path: Path) -> None:
    text = 'image,caption,label\na,"two\nlines, and ""more""",cat\n\nb,"three\n\nlines",dog\n'
    (tmp_path / "crawl.csv").write_text(text)
    table, skipped = read(tmp_path / "crawl.csv")
    assert table["caption"].to_list() == ['two\nlines, and "more"', "three\n\nlines"]
    assert [str(each) for each in skipped] == [
        "empty lines (1): line 4",
        "lines that go on with a cell in quotes (3): line 3, line 6, line 7",
    ]


def test_a_lone_quote_among_cells_in_quotes_is_refused_with_its_line(tmp_path: Path) -> None:
    lines = ["image,caption,label", 'a,"big, red",cat', 'b,"lone,cat', "c,fine,dog",
             'd,"good",dog', 'e,"small, blue",cat']  # fmt: skip
    (tmp_path / "crawl.csv").write_text("\n".join(lines))
    assert "line 3 ('b,\"lone,cat')" in refusal(tmp_path / "crawl.csv")


@pytest.mark.parametrize(("line", "cells"), [("c,dog,a, big", 4), ("c,dog", 2)])
def test_a_cell_too_many_or_too_few_is_refused_with_its_line(
    tmp_path: Path, line: str, cells: int
) -> None:
    text = f"image,label,caption\na,cat,x\nb,cat,y\n{line}\nd,dog,z\n"
    (tmp_path / "crawl.csv").write_text(text)
    assert f"line 4 ('{line}') has {cells} cells where the header has 3" in refusal(
        tmp_path / "crawl.csv"
    )


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_latin_1_is_refused_with_its_line_and_the_way_out(tmp_path: Path, ending: str) -> None:
    lines = ["image,label"] + ["a,cat"] * 5_000 + ["b,dög", "c,cat"]
    if ending == ".jsonl":
        lines = ['{"image": "a", "label": "cat"}'] * 5_001 + ['{"label": "dög"}']
    path = tmp_path / f"crawl{ending}"
    path.write_bytes("\n".join(lines).encode("latin-1"))
    assert "line 5,002" in refusal(path)
    assert "iconv -f WINDOWS-1252 -t UTF-8" in refusal(path)


def test_a_table_of_too_many_columns_is_refused_at_once(tmp_path: Path) -> None:
    names = ",".join(f"c{at}" for at in range(30_000))
    (tmp_path / "crawl.csv").write_text(f"{names}\n{names}\n")
    assert "has 30,000 columns" in refusal(tmp_path / "crawl.csv")


def test_a_cell_of_a_megabyte_is_read_and_a_message_shows_its_beginning(tmp_path: Path) -> None:
    (tmp_path / "crawl.csv").write_text(f"image,label\na,{'x' * 2**20}\nb,y\n")
    assert read(tmp_path / "crawl.csv")[0]["label"].str.len_chars().to_list() == [2**20, 1]
    (tmp_path / "crawl.csv").write_text(f"image,label\na,{'x' * 2**20},\nb,y\n")
    assert "has 3 cells" in refusal(tmp_path / "crawl.csv")


def test_columns_without_names_are_named_by_their_place(tmp_path: Path) -> None:
    (tmp_path / "crawl.csv").write_text("image,label,,\na,x,,\n")
    assert read(tmp_path / "crawl.csv")[0].columns == ["image", "label", "column_3", "column_4"]


def test_tables_of_the_user_say_which_option_they_are_of(tmp_path: Path) -> None:
    for name, told in (
        ("no.csv", "--verified .*no.csv does not exist"),
        ("folder.csv", "--verified .*folder.csv is a folder"),
        ("a.txt", "--verified .*a.txt is not a table"),
        ("bad.csv", "--verified .*bad.csv, line 2"),
    ):
        (tmp_path / "folder.csv").mkdir(exist_ok=True)
        (tmp_path / "a.txt").write_text("key,label\n")
        (tmp_path / "bad.csv").write_text("key,label\na,b,c\n")
        with pytest.raises(CurateError, match=told):
            read_table(tmp_path / name, "--verified", "key, label")
    (tmp_path / "good.csv").write_text("key;label\na;\n")
    assert read_table(tmp_path / "good.csv", "--verified", "key").rows() == [("a", None)]
