"""Files and folders named by paths and by URLs are given where they can be read."""

from pathlib import Path

import pytest

from curate.store.named import named_file, named_folder
from tests.object_store import BUCKET, ObjectStore


def test_a_path_is_itself_and_a_tilde_is_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for named in (named_file, named_folder):
        assert named("a/b.npz") == Path("a/b.npz")
        assert named("~/b.npz") == tmp_path / "b.npz"


def test_objects_are_fetched(server: ObjectStore, home: Path) -> None:
    for name in ("a.txt", "folder/b.txt", "folder/in/c.txt"):
        server.put(f"named/{name}", name.encode())
    url = f"s3://{BUCKET}/named"
    assert named_file(f"{url}/a.txt").read_bytes() == b"a.txt"
    folder = named_folder(f"{url}/folder")
    found = {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*.*")}
    assert found == {"b.txt": b"folder/b.txt", "in/c.txt": b"folder/in/c.txt"}
    assert not named_file(f"{url}/none").exists()
    assert not named_folder(f"{url}/none").is_dir()
