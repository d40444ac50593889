import ctypes
import errno
from pathlib import Path

import pytest

from curate.store import exchange as module
from curate.store.exchange import exchange


def two_files(folder: Path) -> tuple[Path, Path]:
    (folder / "a").write_text("a")
    (folder / "é").mkdir()
    return folder / "a", folder / "é"


def answers(code: int) -> object:
    def rename(*_: object) -> int:
        ctypes.set_errno(code)
        return -1

    return lambda: rename


def test_a_file_and_a_folder_change_places(tmp_path: Path) -> None:
    first, second = two_files(tmp_path)
    assert exchange(first, second)
    assert first.is_dir() and second.read_text() == "a"


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.EINVAL, errno.ENOTSUP])
def test_a_system_that_cannot_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setattr(module, "_renameat2", answers(code))
    assert not exchange(*two_files(tmp_path))
    monkeypatch.setattr(module, "_renameat2", lambda: None)
    assert not exchange(*two_files(tmp_path / "é"))


def test_any_other_answer_is_an_error_with_both_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_renameat2", answers(errno.EACCES))
    first, second = two_files(tmp_path)
    with pytest.raises(PermissionError) as caught:
        exchange(first, second)
    assert (caught.value.filename, caught.value.filename2) == (str(first), str(second))
