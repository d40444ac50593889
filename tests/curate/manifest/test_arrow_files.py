import json
from pathlib import Path

import pyarrow as pa
import pytest

from curate.errors import CurateError
from curate.manifest.manifest import Manifest
from curate.manifest.open import open_manifest
from curate.options.columns import ColumnOptions
from curate.store.folders import Folders


def write(path: Path, table: pa.Table, stream: bool = True) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    make = pa.ipc.new_stream if stream else pa.ipc.new_file
    with pa.OSFile(str(path), "wb") as sink, make(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)


def table(*labels: str) -> pa.Table:
    images = [{"bytes": label.encode(), "path": None} for label in labels]
    return pa.table({"image": images, "label": list(labels)})


def opened(path: Path, tmp_path: Path) -> Manifest:
    return open_manifest(path, ColumnOptions(), None, Folders(tmp_path / "frozen"))


@pytest.mark.parametrize("stream", [True, False])
def test_a_dataset_that_was_saved_is_read_in_its_order(tmp_path: Path, stream: bool) -> None:
    saved = tmp_path / "saved"
    write(saved / "data-00000-of-00002.arrow", table("a", "b", "c"), stream)
    write(saved / "data-00001-of-00002.arrow", table("d"), stream)
    write(saved / "cache-0123.arrow", table("x"), stream)
    assert opened(saved, tmp_path).scan().collect()["label"].to_list() == ["a", "b", "c", "d"]
    names = ["data-00001-of-00002.arrow", "data-00000-of-00002.arrow"]
    state = {"_data_files": [{"filename": name} for name in names]}
    (saved / "state.json").write_text(json.dumps(state))
    manifest = opened(saved, tmp_path / "again")
    assert manifest.scan().collect()["label"].to_list() == ["d", "a", "b", "c"]
    assert manifest.columns.image == "image"
    one = opened(saved / "data-00001-of-00002.arrow", tmp_path)
    assert one.scan().collect()["image"].to_list() == [{"bytes": b"d", "path": None}]


def test_what_is_no_dataset_of_its_own_is_refused(tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    write(saved / "train" / "data-00000-of-00001.arrow", table("a", "b"))
    (saved / "train" / "state.json").write_text('{"_data_files": [{"filename": "no.arrow"}]}')
    (saved / "dataset_dict.json").write_text('{"splits": ["train"]}')
    for path, told in ((saved, r"holds the splits train.*saved/train"),
                       (saved / "train", "lacks no.arrow")):  # fmt: skip
        with pytest.raises(CurateError, match=told):
            opened(path, tmp_path)
    (saved / "train" / "state.json").write_text('{"_indices_files": [{"filename": "i.arrow"}]}')
    with pytest.raises(CurateError, match="flatten_indices"):
        opened(saved / "train", tmp_path)
    (saved / "cut.arrow").write_bytes(
        (saved / "train" / "data-00000-of-00001.arrow").read_bytes()[:300]
    )
    with pytest.raises(CurateError, match="is not a whole Arrow file"):
        opened(saved / "cut.arrow", tmp_path)


def test_splits_are_named_with_commands_that_a_shell_takes(tmp_path: Path) -> None:
    for split in ("test", "train"):
        write(tmp_path / "my set" / split / "data-00000-of-00001.arrow", table("a", "b"))
        (tmp_path / "my set" / split / "state.json").write_text("{}")
    (tmp_path / "my set" / "dataset_dict.json").write_text("{}")
    with pytest.raises(CurateError) as caught:
        opened(tmp_path / "my set", tmp_path)
    assert f"curate weight '{tmp_path}/my set/train', or all of them: " in str(caught.value)


def test_a_saved_dataset_in_a_folder_is_named(tmp_path: Path) -> None:
    write(tmp_path / "up" / "saved" / "data-00000-of-00001.arrow", table("a", "b"))
    (tmp_path / "up" / "saved" / "dataset_info.json").write_text("{}")
    with pytest.raises(CurateError, match=f"try: curate weight {tmp_path}/up/saved$"):
        opened(tmp_path / "up", tmp_path)


def test_what_stands_beside_an_exported_dataset_is_not_taken_for_a_table(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "00000.parquet").write_bytes(b"PAR1")
    for name in ("croissant.json", "curate-export.json"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(CurateError, match=f"try: curate weight {tmp_path}/train$"):
        opened(tmp_path, tmp_path)


@pytest.mark.parametrize("ending", ["feather", "ipc"])
def test_other_endings_of_arrow_files(tmp_path: Path, ending: str) -> None:
    write(tmp_path / f"a.{ending}", table("a", "b"), stream=False)
    assert opened(tmp_path / f"a.{ending}", tmp_path).rows == 2
