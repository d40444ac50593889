"""Samples of WebDataset: members that share their name up to the first dot."""

import json
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from curate.manifest.columns import KNOWN_NAMES
from curate.manifest.picture_files import PICTURE_ENDINGS
from curate.manifest.tar_members import Member
from curate.options.columns import ColumnOptions
from curate.terminal.skipped import Passed

Label = str | list[str | None]
BAD_JSON = "JSON members that are not JSON"
BAD_LABEL = "labels that are no texts or whole numbers (name the JSON field that is with --label)"
FURTHER = "pictures beside the one that is taken (--image names another, such as --image seg.png)"
UNDECIDED = (
    "samples without a picture, for they have several and none has a plain ending (name one, such"
    " as --image left.png)"
)
UNOWNED = "members that belong to none of several pictures"


class Piece(NamedTuple):
    """What a member adds to its sample."""

    suffix: str
    """The name after the first dot."""
    member: Member
    is_picture: bool = False
    label: Label | None = None
    caption: str | None = None

    @property
    def stem(self) -> str:
        """The suffix without its ending; empty where the ending is plain."""
        return self.suffix.rpartition(".")[0]


@dataclass(frozen=True)
class Sample:
    """A row: a picture, a label, a caption; any of them may be missing."""

    key: str
    picture: Member | None
    label: Label | None
    caption: str | None


def split_name(name: str) -> tuple[str, str]:
    """Split a member's name into its sample's key and the suffix."""
    folder, slash, file = name.removeprefix("./").rpartition("/")
    stem, _, suffix = file.partition(".")
    return folder + slash + stem, suffix


def read_text(
    suffix: str, member: Member, text: str, named: ColumnOptions, passed: Passed
) -> Piece | None:
    """Take label and caption from a member's text; None where it holds neither.

    ``named.label`` and ``named.caption`` name a member by its suffix, or a field of the JSON.
    """
    if suffix in (named.label, named.caption):
        return Piece(
            suffix,
            member,
            label=_label(text, member.name, passed) if suffix == named.label else None,
            caption=text if suffix == named.caption else None,
        )
    ending = suffix.rpartition(".")[2].lower()
    if ending == "json":
        fields = _fields(text, member.name, passed)
        return Piece(
            suffix,
            member,
            label=_label(_field(fields, named.label, "label"), member.name, passed),
            caption=_plain(_field(fields, named.caption, "caption")),
        )
    if ending == "cls" and named.label is None:
        return Piece(suffix, member, label=_label(text, member.name, passed))
    if ending == "txt" and named.caption is None:
        return Piece(suffix, member, caption=text)
    return None


def samples_of(
    key: str, pieces: Sequence[Piece], image: str | None, passed: Passed
) -> list[Sample]:
    """Make one sample of the pieces of a key, or several if the name goes on after the dot.

    The picture is the member whose suffix is ``image``; else the only one, or the one with a plain
    ending. Names such as img.v0.jpg, img.v0.cls, img.v1.jpg, img.v1.cls are samples img.v0, img.v1.
    """
    pictures = [piece for piece in pieces if piece.is_picture]
    texts = [piece for piece in pieces if not piece.is_picture]
    if image is not None:
        chosen = [piece for piece in pictures if piece.suffix == image]
    else:
        chosen = [piece for piece in pictures if not piece.stem] or pictures
        chosen.sort(key=_preference)
        if len(chosen) > 1 and chosen[0].stem:
            owned = _owned(chosen, texts)
            if sum(map(bool, owned.values())) > 1:
                return _separate(key, chosen, texts, owned, passed)
            passed.add(UNDECIDED, f"{key} ({', '.join(piece.suffix for piece in chosen)})")
            return [_sample(key, None, texts)]
        for piece in pictures:
            if piece is not chosen[0]:
                passed.add(FURTHER, piece.member.name)
    return [_sample(key, chosen[0] if chosen else None, texts)]


def _preference(piece: Piece) -> int:
    ending = f".{piece.suffix.lower()}"
    return PICTURE_ENDINGS.index(ending) if ending in PICTURE_ENDINGS else len(PICTURE_ENDINGS)


def _owned(pictures: Sequence[Piece], texts: Sequence[Piece]) -> dict[str, list[Piece]]:
    """Give each text to the picture whose name its own name extends."""
    stems = sorted({piece.stem for piece in pictures}, key=len, reverse=True)
    owned: dict[str, list[Piece]] = {stem: [] for stem in stems}
    for piece in texts:
        stem = next((stem for stem in stems if piece.suffix.startswith(f"{stem}.")), None)
        if stem is not None:
            owned[stem].append(piece)
    return owned


def _separate(
    key: str, pictures: Sequence[Piece], texts: Sequence[Piece], owned: dict[str, list[Piece]],
    passed: Passed,
) -> list[Sample]:  # fmt: skip
    samples: dict[str, Sample] = {}
    for piece in pictures:
        if piece.stem in samples:
            passed.add(FURTHER, piece.member.name)
        else:
            samples[piece.stem] = _sample(f"{key}.{piece.stem}", piece, owned[piece.stem])
    kept = {piece.suffix for pieces in owned.values() for piece in pieces}
    for piece in texts:
        if piece.suffix not in kept:
            passed.add(UNOWNED, piece.member.name)
    return list(samples.values())


def _sample(key: str, picture: Piece | None, texts: Sequence[Piece]) -> Sample:
    by_rank = sorted(texts, key=lambda piece: (piece.suffix.lower().endswith("json"), piece.stem))
    return Sample(
        key,
        picture.member if picture else None,
        next((piece.label for piece in by_rank if piece.label is not None), None),
        next((piece.caption for piece in by_rank if piece.caption is not None), None),
    )


def _fields(text: str, name: str, passed: Passed) -> dict[str, object]:
    if not text:
        return {}
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        passed.add(BAD_JSON, name)
        return {}
    return fields if isinstance(fields, dict) else {"label": fields}


def _field(fields: dict[str, object], named: str | None, part: str) -> object:
    names = KNOWN_NAMES[part] if named is None else (named,)
    return next((fields[name] for name in names if fields.get(name) is not None), None)


def _label(value: object, name: str, passed: Passed) -> Label | None:
    """Accept texts, numbers, and lists of texts and whole numbers; numbers become texts.

    A text that is a list in JSON is that list, 2.0 is 2, and NaN, as pandas writes it, is no label.
    """
    if isinstance(value, float) and (value.is_integer() or math.isnan(value)):
        value = None if math.isnan(value) else int(value)
    if isinstance(value, str) and value.startswith("["):
        with suppress(ValueError, RecursionError):
            value = json.loads(value)
    if value is None or isinstance(value, str | int | float):
        return _plain(value)
    if isinstance(value, list) and all(isinstance(each, str | int | None) for each in value):
        return [_plain(each) for each in value]
    passed.add(BAD_LABEL, f"{name} ({json.dumps(value)})")
    return None


def _plain(value: object) -> str | None:
    """Give a text as it is, anything else as JSON; lone surrogates, which are no text, escaped."""
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "backslashreplace").decode()
