import os
from pathlib import Path

import pytest

from curate.errors import CurateError
from curate.manifest.picture_files import find_pictures

PNG = b"\x89PNG\r\n\x1a\n"


def crawl(folder: Path, *names: str, data: bytes = PNG) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def found(folder: Path, root: Path | None = None) -> tuple[list[str], dict[str, int]]:
    pictures, skipped = find_pictures(folder, root or folder)
    return [picture.name for picture in pictures], {each.what: each.count for each in skipped}


def test_a_picture_is_told_by_its_first_bytes_where_its_name_says_nothing(tmp_path: Path) -> None:
    names = ["a/0.jfif", "a/1.jpe", "a/2", "a/3.jpg?width=600", "a/4.jpg.1", "a/5.php", "a/6.JPEG"]
    crawl(tmp_path, *names)
    crawl(tmp_path, "a/notes.txt", "a/Thumbs.db", "a/empty", data=b"")
    crawl(tmp_path, "a/page.jpg", data=b"<html>")
    pictures, passed = found(tmp_path)
    assert pictures == [*names, "a/page.jpg"]
    assert passed == {"files that are no pictures": 3}


def test_only_files_of_unknown_names_are_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawl(tmp_path, "a/1.jpg", "b/2.PNG", "b/3.webp", "b/odd")
    opened = []
    monkeypatch.setattr(
        "curate.manifest.picture_files._head", lambda path: opened.append(Path(path).name) or PNG
    )
    assert len(found(tmp_path)[0]) == 4
    assert opened == ["odd"]


def test_what_is_hidden_is_passed_over(tmp_path: Path) -> None:
    crawl(tmp_path, "a/1.jpg", "a/._1.jpg", "__MACOSX/a/._1.jpg", ".git/x.jpg", "a/.DS_Store",
          "a/.ipynb_checkpoints/1.jpg", "@eaDir/1.jpg", "PaxHeaders.7/1.jpg")  # fmt: skip
    assert found(tmp_path) == (["a/1.jpg"], {"hidden files and folders": 7})


def test_pipes_and_links_to_nothing(tmp_path: Path) -> None:
    crawl(tmp_path, "a/1.jpg")
    os.mkfifo(tmp_path / "a" / "2.jpg")
    os.mkfifo(tmp_path / "a" / "odd")
    (tmp_path / "a" / "3.jpg").symlink_to("gone.jpg")
    (tmp_path / "a" / "4.jpg").symlink_to("4.jpg")
    (tmp_path / "a" / "5").symlink_to("gone")
    assert found(tmp_path) == (
        ["a/1.jpg", "a/3.jpg", "a/4.jpg"],
        {"pipes, sockets and devices": 2, "files that are no pictures": 1},
    )


@pytest.mark.parametrize("link", ["b", "a/2.jpg"])
def test_links_that_lead_out_are_refused_and_a_root_that_holds_all_is_named(
    tmp_path: Path, link: str
) -> None:
    folder = crawl(tmp_path / "crawl", "a/1.jpg")
    crawl(tmp_path / "else", "x.jpg")
    (folder / link).symlink_to(tmp_path / "else" / ("x.jpg" if "." in link else ""))
    with pytest.raises(CurateError, match=f"crawl/{link} is a link out of .*1 in all"):
        found(folder)
    assert found(folder, tmp_path)[0] == ["a/1.jpg", link if "." in link else "b/x.jpg"]


def test_a_link_to_text_outside_is_passed_over_unread(tmp_path: Path) -> None:
    folder = crawl(tmp_path / "crawl", "a/1.jpg")
    crawl(tmp_path, "secret")
    (folder / "a" / "readme").symlink_to(tmp_path / "secret")
    assert found(folder) == (["a/1.jpg"], {"files that are no pictures": 1})


def test_linked_folders_are_read_once(tmp_path: Path) -> None:
    folder = crawl(tmp_path / "crawl", "z/1.jpg", ".store/2.jpg")
    (folder / "a").symlink_to(folder / "z")
    (folder / "z" / "loop").symlink_to(folder)
    (folder / "kept").symlink_to(folder / ".store")
    (folder / ".store" / "again").symlink_to(folder / ".store")
    (tmp_path / "link").symlink_to(folder)
    for place in (folder, tmp_path / "link"):
        pictures, passed = found(place)
        assert pictures == ["kept/2.jpg", "z/1.jpg"]
        assert passed["linked folders, whose pictures are read at their own place"] == 3


def test_a_name_that_is_not_utf8_costs_its_own_row(tmp_path: Path) -> None:
    crawl(tmp_path, "a/1.jpg", os.fsdecode(b"a/caf\xe9.jpg"), os.fsdecode(b"\xe9/1.jpg"))
    pictures, skipped = find_pictures(tmp_path, tmp_path)
    assert [picture.name for picture in pictures] == ["a/1.jpg"]
    assert [str(each) for each in skipped] == [
        "files whose names are not UTF-8 (rename them) (2): a/caf\\xe9.jpg, \\xe9/1.jpg"
    ]


def test_the_order_is_the_same_each_time_and_changes_are_seen(tmp_path: Path) -> None:
    crawl(tmp_path, "b/2.jpg", "b/1.jpg", "a/3.jpg", "0.jpg")
    before, _ = find_pictures(tmp_path, tmp_path)
    assert [picture.name for picture in before] == ["0.jpg", "a/3.jpg", "b/1.jpg", "b/2.jpg"]
    (tmp_path / "b" / "1.jpg").write_bytes(PNG + b"more")
    after, _ = find_pictures(tmp_path, tmp_path)
    assert [old == new for old, new in zip(before, after, strict=True)] == [True] * 2 + [
        False, True
    ]  # fmt: skip
