"""The JSON beside the pictures of tars, which the index leaves where it lies."""

import json
from pathlib import Path

from curate.manifest.tar_members import Kind, Member, read_members
from curate.manifest.tar_samples import split_name
from curate.store.mirror import bring

JSON = ".json"
LONGEST = 1 << 20


class JsonBeside:
    """Finds the JSON of one picture after the other; the last tar's members are remembered."""

    def __init__(self) -> None:
        self._tar: Path | None = None
        self._beside: dict[int | str, Member] = {}

    def of(self, tar: Path, at: int | str) -> dict[str, object]:
        """Read the JSON of the picture whose bytes begin at ``at``; empty if there is none.

        Of a sample without a picture ``at`` is the key. The JSON has the picture's name, or the
        sample's, which ends at the first dot. What is not an object is its label, as the index
        takes it.
        """
        if tar != self._tar:
            self._beside = _members_beside(tar)
            self._tar = tar
        member = self._beside.get(at)
        return {} if member is None else _read(tar, member)


def first_fields(tar: Path) -> list[str]:
    """Name the fields of the first JSON that has any."""
    with bring(tar).open("rb") as file:
        for member in read_members(file, tar.stat().st_size):
            if member.name.lower().endswith(JSON) and (fields := _read(tar, member)):
                return list(fields)
    return []


def _members_beside(tar: Path) -> dict[int | str, Member]:
    """Find the JSON of each picture by the place of its bytes, and each JSON by its own name."""
    jsons: dict[str, Member] = {}
    others: list[Member] = []
    with bring(tar).open("rb") as file:
        for member in read_members(file, tar.stat().st_size):
            if member.kind is Kind.FILE and member.name.lower().endswith(JSON):
                jsons[member.name.removeprefix("./")[: -len(JSON)]] = member
            elif member.kind is Kind.FILE:
                others.append(member)
    found: dict[int | str, Member] = dict(jsons.items())
    for member in others:
        key, suffix = split_name(member.name)
        stem = ".".join([key, *suffix.split(".")[:-1]])
        if (beside := jsons.get(stem) or jsons.get(key)) is not None:
            found[member.offset] = beside
    return found


def _read(tar: Path, member: Member) -> dict[str, object]:
    """Read a member; what weighing could not read, and said so, is empty."""
    if member.size > LONGEST:
        return {}
    with tar.open("rb") as file:
        file.seek(member.offset)
        text = file.read(member.size).decode("utf-8", errors="backslashreplace")
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {"label": fields}
