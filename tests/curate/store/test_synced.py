"""What has appeared is on the disk: contents before the name, then the folder that holds it."""

import os
from pathlib import Path

import pytest

from curate.store.atomic import appearing_file, appearing_folder
from curate.store.folders import Folders


@pytest.fixture
def synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """List what is synced, in order: its path from the folder, and whether the target is there."""
    calls, fsync = [], os.fsync

    def noted(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        parts = [
            "NEW" if part.startswith(".unfinished-") else part
            for part in path.relative_to(tmp_path.resolve()).parts
        ]
        calls.append(("/".join(parts), (tmp_path / "target").exists()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    return calls


def test_a_file_is_synced_before_its_name_and_its_folder_after(
    tmp_path: Path, synced: list[tuple[str, bool]]
) -> None:
    with appearing_file(tmp_path / "target") as unfinished:
        unfinished.write_text("whole")
    assert synced == [("NEW", False), ("", True)]


def test_all_files_of_a_folder_are_synced_before_its_name(
    tmp_path: Path, synced: list[tuple[str, bool]]
) -> None:
    with appearing_folder(tmp_path / "target") as unfinished:
        (unfinished / "a").write_text("a")
        (unfinished / "b").write_text("b")
    assert sorted(synced[:2]) == [("NEW/a", False), ("NEW/b", False)]
    assert synced[2:] == [("NEW", False), ("", True)]


def test_a_receipt_is_synced_with_what_it_speaks_of(
    tmp_path: Path, synced: list[tuple[str, bool]]
) -> None:
    Folders(tmp_path).write("target", {"facts": {"a": 1}})
    assert sorted(synced[:2]) == [("NEW/facts.json", False), ("NEW/receipt.json", False)]
    assert synced[2:] == [("NEW", False), ("", True)]
