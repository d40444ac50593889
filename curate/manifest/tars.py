"""WebDataset tars: an index of where each sample's picture lies; nothing is extracted."""

import itertools
import json
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import polars as pl

from curate.errors import CurateError
from curate.manifest.columns import KNOWN_NAMES
from curate.manifest.image_folder import PICTURE_ENDINGS

SCHEMA = {
    "key": pl.String, "tar": pl.String, "image": pl.String, "offset": pl.Int64,
    "length": pl.Int64, "label": pl.String, "caption": pl.String,
}  # fmt: skip
Row = dict[str, str | int | None]


def tars_table(tars: Sequence[Path], label: str | None, caption: str | None) -> pl.DataFrame:
    """Index tars, one after the other; where a sample has a list of labels, every sample has."""
    table = pl.concat([tar_table(tar, label, caption) for tar in tars])
    if not table["label"].str.starts_with("[").any():
        return table
    lists = [_as_list(text) for text in table["label"]]
    return table.with_columns(label=pl.Series(lists, dtype=pl.List(pl.String)))


def tar_table(tar: Path, label: str | None, caption: str | None) -> pl.DataFrame:
    """Index one tar; a sample is a run of members that share the name up to its first dot.

    The label is the member .cls, or the field ``label`` of the member .json; the caption is
    .txt, or a field likewise. A list of labels is given as its JSON. Raises CurateError for
    what is not a whole uncompressed tar.
    """
    try:
        with tarfile.open(tar, "r:") as archive:
            samples = itertools.groupby((m for m in archive if m.isfile()), key=_sample_key)
            rows = [_row(archive, tar, key, members, label, caption) for key, members in samples]
    except (tarfile.TarError, EOFError) as error:
        raise CurateError(
            f"{tar} is not a whole, uncompressed tar ({error}); fetch or unpack it again, or move"
            " it out of the folder."
        ) from error
    return pl.DataFrame([row for row in rows if row is not None], schema=SCHEMA)


def _sample_key(member: tarfile.TarInfo) -> str:
    path = PurePosixPath(member.name)
    return str(path.with_name(path.name.split(".")[0]))


def _row(
    archive: tarfile.TarFile, tar: Path, key: str, members: Iterator[tarfile.TarInfo],
    label: str | None, caption: str | None,
) -> Row | None:  # fmt: skip
    picture: tarfile.TarInfo | None = None
    texts: dict[str, str] = {}
    for member in members:
        ending = "." + member.name.rsplit(".", 1)[-1].lower()
        if ending in PICTURE_ENDINGS:
            picture = picture or member
        elif ending in (".cls", ".txt", ".json"):
            file = archive.extractfile(member)
            assert file is not None
            texts[ending] = file.read().decode("utf-8", errors="replace").strip()
    if picture is None and not texts:
        return None
    fields = _fields(texts.get(".json"), tar, key)
    return {
        "key": key,
        "tar": tar.name,
        "image": picture.name if picture else None,
        "offset": picture.offset_data if picture else None,
        "length": picture.size if picture else None,
        "label": _checked_label(_text(fields, label, "label", texts.get(".cls")), tar, key),
        "caption": _text(fields, caption, "caption", texts.get(".txt")),
    }


def _fields(text: str | None, tar: Path, key: str) -> dict[str, object]:
    if not text:
        return {}
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CurateError(
            f"{tar}: the .json of sample '{key}' is not JSON ({error}); mend it or take the"
            " sample out."
        ) from error
    return fields if isinstance(fields, dict) else {"label": fields}


def _checked_label(label: str | None, tar: Path, key: str) -> str | None:
    """Let texts and lists of texts and whole numbers pass; numbers in a list become texts."""
    if label is None or not label.startswith(("[", "{")):
        return label
    try:
        if label.startswith("["):
            return json.dumps([_element(element) for element in json.loads(label)])
        raise ValueError("an object")
    except (ValueError, RecursionError) as error:
        raise CurateError(
            f"{tar}: the label of sample '{key}' is {label}, and a label is a text or a number, or"
            " a list of them; name the JSON field that holds it with --label."
        ) from error


def _as_list(label: str | None) -> list[str | None] | None:
    if not label:
        return None
    labels: list[str | None] = json.loads(label) if label.startswith("[") else [label]
    return labels


def _element(element: object) -> str | None:
    if element is None or isinstance(element, str):
        return element
    if isinstance(element, int):
        return json.dumps(element)
    raise ValueError("neither text nor whole number")


def _text(
    fields: dict[str, object], named: str | None, part: str, member: str | None
) -> str | None:
    if named is None and member is not None:
        return member
    names = KNOWN_NAMES[part] if named is None else (named,)
    value = next((fields[name] for name in names if fields.get(name) is not None), None)
    return value if value is None or isinstance(value, str) else json.dumps(value)
