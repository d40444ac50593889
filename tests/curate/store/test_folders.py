import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from curate.errors import CurateError
from curate.store.fingerprint import file_identity, fingerprint
from curate.store.folders import Folders


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    store = Folders(tmp_path)
    array = np.arange(6, dtype=np.float16).reshape(2, 3)
    table = pl.DataFrame({"status": ["ok", "missing"]})
    store.write("a", {"features": array, "rows": table, "facts": {"é": 1}}, rows=2)
    again = Folders(tmp_path)
    np.testing.assert_array_equal(again.array("a", "features"), array)
    assert again.table("a", "rows").equals(table)
    assert again.settings("a", "facts") == {"é": 1}
    assert again.receipt("a")["rows"] == 2


def test_a_folder_without_a_receipt_does_not_exist(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert "a" not in Folders(tmp_path)


def test_changed_content_is_noticed_and_the_way_out_named(tmp_path: Path) -> None:
    Folders(tmp_path).write("a", {"features": np.zeros((2, 3))})
    np.save(tmp_path / "a" / "features.npy", np.ones((2, 3)))
    with pytest.raises(CurateError, match=r"features\.npy is not what was written.*delete"):
        Folders(tmp_path).array("a", "features")


def test_a_receipt_vouches_for_itself(tmp_path: Path) -> None:
    store = Folders(tmp_path)
    store.write("a", {"facts": {"x": 1}}, rows=2048, external={"first": 2048, "file": "x.npy"})
    path = tmp_path / "a" / "receipt.json"
    whole = path.read_text()
    assert store.receipt("a")["external"] == {"first": 2048, "file": "x.npy"}
    for at, character in enumerate(whole):
        if character.isspace():
            continue
        path.write_text(whole[:at] + ("7" if character != "7" else "8") + whole[at + 1 :])
        with pytest.raises(CurateError, match=r"receipt\.json is damaged.* delete the folder"):
            store.receipt("a")


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", "7", "[" * 100_000, '{"sha256": {}}'])
def test_what_is_no_receipt_is_told_in_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "receipt.json").write_text(text)
    with pytest.raises(CurateError, match="is damaged, or an older curate wrote it"):
        Folders(tmp_path).receipt("a")


def test_a_map_of_the_features_cannot_be_written(tmp_path: Path) -> None:
    Folders(tmp_path).write("a", {"features": np.zeros((2, 3))})
    with pytest.raises(ValueError, match="read-only"):
        Folders(tmp_path).array("a", "features")[0] = 1


def test_equal_parts_have_equal_fingerprints_and_others_not() -> None:
    assert fingerprint(a=1, b="x") == fingerprint(b="x", a=1)
    assert len({fingerprint(a=1), fingerprint(a=2), fingerprint(b=1), fingerprint(a="1")}) == 4


def test_a_file_is_another_one_by_its_name_its_size_or_its_time(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"1234")
    os.utime(path, ns=(5, 1_000))
    first = file_identity(path)
    assert file_identity(path) == first
    path.write_bytes(b"12345")
    os.utime(path, ns=(5, 1_000))
    longer = file_identity(path)
    os.utime(path, ns=(5, 1_001))
    later = file_identity(path)
    renamed = file_identity(path.rename(tmp_path / "b.csv"))
    identities = [first, longer, later, renamed]
    assert len({fingerprint(file=identity) for identity in identities}) == 4


def test_only_the_steps_own_folders_are_removed(tmp_path: Path) -> None:
    own, other = Folders(tmp_path / "own"), Folders(tmp_path / "other")
    for store in (own, other):
        for name in ("a", "b", "c"):
            store.write(name, {"facts": {"x": 1}})
    own.remove_others("b")
    assert [name in own for name in ("a", "b", "c")] == [False, True, False]
    own.remove_all()
    own.remove_all()
    assert not own.root.exists()
    assert all(name in other for name in ("a", "b", "c"))


def test_contents_without_a_check_are_read_as_they_are(tmp_path: Path) -> None:
    store = Folders(tmp_path, checked=False)
    store.write("a", {"features": np.zeros((2, 3))})
    assert store.receipt("a")["sha256"] == {}
    np.save(tmp_path / "a" / "features.npy", np.ones((2, 3)))
    assert Folders(tmp_path, checked=False).array("a", "features").all()
