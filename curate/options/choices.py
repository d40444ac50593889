"""The check that an option is one of its words, for what comes from Python."""

from dataclasses import fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from curate.errors import CurateError


def check_choices(options: Any) -> None:
    """Raise CurateError where a field of a dataclass is none of the words of its Literal."""
    hints = get_type_hints(options.__class__)
    for field in fields(options):
        words, value = words_of(hints[field.name]), getattr(options, field.name)
        if words and value not in words:
            name = field.name.replace("_", "-")
            possible = ", ".join(word for word in words if word is not None)
            raise CurateError(f"--{name} {value}: it must be one of {possible}.")


def words_of(hint: Any) -> list[str | None]:
    """Give what a Literal, or a union of one and None, can be; nothing for other types."""
    if get_origin(hint) is Literal:
        return list(get_args(hint))
    words = [word for part in get_args(hint) for word in words_of(part)]
    return [*words, None] if words else []
