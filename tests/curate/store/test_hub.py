"""hf:// as files that are read only; the Hub itself is replaced by a dictionary."""

from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import errors

from curate.errors import CurateError
from curate.store import mirror
from curate.store.hub import Hub
from curate.store.mirror import bring, look, open_store
from curate.store.sent import require_writable
from curate.store.urls import as_path

FILES = {
    "datasets/anna/birds/train.parquet": b"0123456789",
    "datasets/anna/birds/more/ü 1%.csv": b"a,b\n",
}


class Files:
    """What is asked of `HfFileSystem`, as its documentation says."""

    def info(self, path: str, refresh: bool) -> dict[str, Any]:
        if path in FILES:
            return {"name": path, "type": "file", "size": len(FILES[path]), "blob_id": path}
        if any(name.startswith(f"{path}/") for name in FILES):
            return {"name": path, "type": "directory", "size": 0}
        raise FileNotFoundError(path)

    def find(self, path: str, maxdepth: int | None, detail: bool, refresh: bool) -> dict[str, Any]:
        names = [name for name in FILES if name.startswith(f"{path}/")]
        near = [name for name in names if maxdepth is None or "/" not in name[len(path) + 1 :]]
        return {name: self.info(name, True) for name in near}

    def cat_file(self, path: str, start: int, end: int) -> bytes:
        return FILES[path][start:end]


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURATE_CACHE_DIR", str(tmp_path / "cache"))
    open_store.cache_clear()
    monkeypatch.setattr("huggingface_hub.HfFileSystem", Files)


def test_a_folder_of_the_hub_is_laid_out_and_brought(monkeypatch: pytest.MonkeyPatch) -> None:
    for most in ("SMALL", "CHUNK"):
        monkeypatch.setattr(mirror, most, 4)
    folder = look(as_path("hf://datasets/anna/birds"))
    for name, content in FILES.items():
        file = folder / name.removeprefix("datasets/anna/birds/")
        assert file.stat().st_size == len(content) and bring(file).read_bytes() == content
    assert not look(as_path("hf://datasets/anna/none")).exists()


def test_only_the_files_of_a_folder_itself_are_listed() -> None:
    store = open_store("hf", "datasets")
    assert isinstance(store, Hub)
    found = [each.key for each in store.below("anna/birds", deep=False)]
    assert found == ["anna/birds/train.parquet"]


def test_nothing_is_written_to_the_hub() -> None:
    with pytest.raises(CurateError, match=r"the Hub is only read; name a place .*`hf upload`"):
        require_writable(as_path("hf://datasets/anna/birds/out.parquet"))


def test_a_file_that_is_not_there_is_missing() -> None:
    with pytest.raises(FileNotFoundError):
        bring(as_path("hf://datasets/anna/birds/none.png"))


def test_a_hub_that_cannot_be_reached_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def info(self: Files, path: str, refresh: bool) -> dict[str, Any]:
        raise errors.HTTPError("token=hidden-word")

    monkeypatch.setattr(Files, "info", info)
    with pytest.raises(CurateError, match="the Hub cannot be reached") as error:
        look(as_path("hf://datasets/anna/birds"))
    assert error.value.__suppress_context__ and "hidden-word" not in str(error.value)
