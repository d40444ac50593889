import os
import signal
from pathlib import Path

import pytest

from curate.images.source import MAX_BYTES, FileSlice, read
from curate.images.status import Status, Undecodable


def status_of(path: Path) -> Status:
    with pytest.raises(Undecodable) as caught:
        read(FileSlice(path))
    return caught.value.status


def test_bytes_are_their_own_source() -> None:
    assert read(b"abc") == b"abc"


def test_a_slice_is_read_from_within_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(b"0123456789")
    assert read(FileSlice(path)) == b"0123456789"
    assert read(FileSlice(path, 4)) == b"456789"
    assert read(FileSlice(path, 4, 3)) == b"456"


def test_a_slice_past_the_end_gives_what_there_is(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(b"0123456789")
    assert read(FileSlice(path, 8, 5)) == b"89"
    assert read(FileSlice(path, 20, 5)) == b""


def test_what_is_no_readable_file_is_missing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    names = ("nowhere.jpg", "", "pipe", "loop", "nul\0byte", "x" * 5000)
    for path in [tmp_path / name for name in names] + [Path("/dev/zero")]:
        assert status_of(path) == Status.MISSING, path


def test_a_file_that_becomes_a_pipe_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(b"picture")
    look = Path.stat

    def look_and_swap(self: Path, **options: bool) -> os.stat_result:
        info = look(self, **options)
        path.unlink()
        os.mkfifo(path)
        return info

    monkeypatch.setattr(Path, "stat", look_and_swap)
    signal.alarm(20)  # So that a failure is no hang.
    try:
        assert status_of(path) == Status.MISSING
    finally:
        signal.alarm(0)


def test_a_file_over_the_cap_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "sparse.jpg"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert status_of(path) == Status.TOO_LARGE
    assert read(FileSlice(path, 0, 10)) == bytes(10)
