import errno
from pathlib import Path

import pytest
from polars.exceptions import ComputeError

from curate.errors import CurateError
from curate.store.atomic import appearing_file, appearing_folder, remove_unfinished


def test_a_file_appears_whole(tmp_path: Path) -> None:
    with appearing_file(tmp_path / "new" / "a.txt") as unfinished:
        unfinished.write_text("whole")
        assert not (tmp_path / "new" / "a.txt").exists()
    assert (tmp_path / "new" / "a.txt").read_text() == "whole"
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["a.txt"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError), appearing_file(target) as unfinished:
        unfinished.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_killed_write_of_the_same_file_left_is_cleared(tmp_path: Path) -> None:
    (tmp_path / ".unfinished-a.txt-999999999-0123").write_text("half")
    with appearing_file(tmp_path / "a.txt") as unfinished:
        unfinished.write_text("whole")
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_what_a_killed_write_of_the_same_folder_left_is_cleared(tmp_path: Path) -> None:
    for ending in ("", "-replaced"):
        half = tmp_path / f".unfinished-shard-999999999-0123{ending}"
        half.mkdir()
        (half / "half").write_text("half")
    with appearing_folder(tmp_path / "shard") as unfinished:
        (unfinished / "whole").write_text("whole")
        with appearing_folder(tmp_path / "shard") as other:
            assert unfinished.is_dir()
            (other / "other").write_text("other")
    assert [file.name for file in tmp_path.iterdir()] == ["shard"]
    assert [file.name for file in (tmp_path / "shard").iterdir()] == ["whole"]


def test_the_half_done_file_of_a_running_process_is_left_to_it(tmp_path: Path) -> None:
    with appearing_file(tmp_path / "a.txt") as first:
        first.write_text("first")
        with appearing_file(tmp_path / "a.txt") as second:
            second.write_text("second")
        assert first.read_text() == "first"
    assert (tmp_path / "a.txt").read_text() == "first"


def test_a_folder_replaces_the_old_one_whole(tmp_path: Path) -> None:
    for text in ("old", "new"):
        with appearing_folder(tmp_path / "shard") as unfinished:
            (unfinished / text).write_text(text)
    assert [file.name for file in tmp_path.iterdir()] == ["shard"]
    assert [file.name for file in (tmp_path / "shard").iterdir()] == ["new"]


def test_a_failed_folder_leaves_the_old_one(tmp_path: Path) -> None:
    with appearing_folder(tmp_path / "shard") as unfinished:
        (unfinished / "old").write_text("")
    with pytest.raises(RuntimeError), appearing_folder(tmp_path / "shard") as unfinished:
        (unfinished / "new").write_text("")
        raise RuntimeError
    assert [file.name for file in tmp_path.rglob("*")] == ["shard", "old"]


def test_unfinished_things_are_cleared_and_finished_ones_kept(tmp_path: Path) -> None:
    (tmp_path / "step" / ".unfinished-a-1").mkdir(parents=True)
    (tmp_path / "step" / ".unfinished-a-1" / "features.npy").write_text("half")
    (tmp_path / "step" / ".unfinished-b-2").write_text("half")
    (tmp_path / "step" / "done").mkdir()
    remove_unfinished(tmp_path)
    assert [file.name for file in (tmp_path / "step").iterdir()] == ["done"]


@pytest.mark.parametrize(
    ("code", "words"), [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "read-only")]
)
def test_a_full_disk_is_told_in_a_sentence(tmp_path: Path, code: int, words: str) -> None:
    with pytest.raises(CurateError, match=words), appearing_file(tmp_path / "a.txt"):
        raise OSError(code, "no")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "error",
    [
        OSError("1509376 requested and 126912 written"),
        ComputeError("No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_is_known_by_words_too(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(CurateError, match="the disk is full"), appearing_file(tmp_path / "a.txt"):
        raise error


def test_what_is_no_fault_of_the_disk_stays_what_it_is(tmp_path: Path) -> None:
    for error in (OSError("a socket closed"), ComputeError("no such column"), ValueError("no")):
        with pytest.raises(type(error), match=str(error)), appearing_file(tmp_path / "a.txt"):
            raise error


def test_a_limit_on_the_size_of_files_is_told(tmp_path: Path) -> None:
    for error in (OSError(errno.EFBIG, "large"), ComputeError("File too large (os error 27)")):
        with pytest.raises(CurateError, match="ulimit"), appearing_file(tmp_path / "a.txt"):
            raise error
