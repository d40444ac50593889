from pathlib import Path

import pytest

from curate.errors import CurateError
from curate.manifest.open import open_manifest
from curate.manifest.pictures import check_paths, picture_finder
from curate.manifest.tried_path import tried_path
from curate.options.columns import ColumnOptions
from curate.store.folders import Folders


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (r"img\cat 0.png", "write / in their place"),
        (r"C:\crawl\a.png", "another computer (Windows)"),
        ("img/cat%200.png", "as in a URL"),
        ("img/gone.png", "gone.png'; "),
        ("THERE.PNG", "and there is 'there.png'"),
        ("there", "and there is 'there.png'"),
        ("there.jpg", "and there is 'there.png'"),
        ("'there.png'", "stands in quotes"),
        ("iVBORw0KGgo" * 30, "looks like a picture as base64"),
        ("data:image/png;base64", "looks like a picture as base64"),
    ],
)
def test_a_path_that_was_tried_is_shown_with_what_it_looks_like(
    tmp_path: Path, path: str, told: str
) -> None:
    (tmp_path / "there.png").write_bytes(b"x")
    (tmp_path / "crawl.csv").write_text(f"image,label\nthere.png,a\n{path},b\n")
    frozen = Folders(tmp_path / "frozen")
    manifest = open_manifest(tmp_path / "crawl.csv", ColumnOptions(), None, frozen)
    words = tried_path(manifest)
    assert words.startswith("row 2 was looked for at '")
    assert told in words


def test_paths_that_are_empty_are_said_so(tmp_path: Path) -> None:
    (tmp_path / "crawl.csv").write_text("image,label\n,a\n,b\n")
    frozen = Folders(tmp_path / "frozen")
    manifest = open_manifest(tmp_path / "crawl.csv", ColumnOptions(), None, frozen)
    assert tried_path(manifest) == "column 'image' is empty in the first rows; "


def test_urls_of_files_are_to_be_paths(tmp_path: Path) -> None:
    (tmp_path / "crawl.csv").write_text("image,label\nfile:///a.png,a\n")
    frozen = Folders(tmp_path / "frozen")
    manifest = open_manifest(tmp_path / "crawl.csv", ColumnOptions(), None, frozen)
    with pytest.raises(CurateError, match="is a URL of a file of this computer"):
        check_paths(manifest)


@pytest.mark.parametrize("beside", ["00000/x.jpg", "00000.tar"])
def test_what_was_fetched_beside_a_list_of_urls_is_named(tmp_path: Path, beside: str) -> None:
    (tmp_path / beside).parent.mkdir(exist_ok=True)
    (tmp_path / beside).write_bytes(b"x")
    (tmp_path / "00000.csv").write_text("url,label\nhttp://x/a,b\n")
    frozen = Folders(tmp_path / "frozen")
    manifest = open_manifest(tmp_path / "00000.csv", ColumnOptions(), None, frozen)
    with pytest.raises(CurateError, match=f"give the folder: curate weight {tmp_path} --label"):
        picture_finder(manifest)


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "json"])
def test_urls_are_to_be_fetched_with_the_form_that_they_have(tmp_path: Path, ending: str) -> None:
    text = {"csv": "url,label\nhttp://x/a,b\n", "tsv": "url\tlabel\nhttp://x/a\tb\n",
            "jsonl": '{"url": "http://x/a", "label": "b"}\n',
            "json": '[{"url": "http://x/a", "label": "b"}]'}[ending]  # fmt: skip
    path = tmp_path / f"my list.{ending}"
    path.write_text(text)
    manifest = open_manifest(path, ColumnOptions(), None, Folders(tmp_path / "frozen"))
    with pytest.raises(CurateError) as caught:
        picture_finder(manifest)
    assert f"--url_list '{path}' --input_format {ending} --url_col url" in str(caught.value)
