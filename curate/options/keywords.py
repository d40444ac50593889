"""Texts of the command line, as a caller in Python reads them: keywords in place of options."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from functools import cache
from typing import Any, get_args, get_type_hints

from typer.models import ParameterInfo

from curate.errors import CurateError
from curate.options.choices import words_of

OPTION = re.compile(
    r"(?<![\w-])--([a-z][a-z-]*[a-z])\b( (?:DIR|FILE|COLUMN|K)\b)?(?P<blank> (?=\S))?"
)
LOOKS_LIKE_VALUE = re.compile(r"[^\s,;()]*(?:[:/@=.][^\s`.]|\d)|[A-Z][A-Z_]*\b")
"""An encoder, a file, a number, or a placeholder."""
WORD = re.compile(r"[\w-]+")
WORDS = {
    "encoder": {"embedded", "self"}, "graph": {"none", "wordnet"}, "engine": {"local", "ray"},
    "head": {"auto", "nmn", "xiao"}, "key": {"none"}, "prefix": {"curate_"},
}  # fmt: skip
"""Values of options that take more than a few words."""
VALUE_AT_START = re.compile(r"^(\w+=) ")
COMMAND = re.compile(r"\bcurate \w+ (?!with\b|--)[^\s`;]+ --[^;`]*|\bimg2dataset --[^;`]*")
"""A command to type in a shell, which keeps its options."""


def in_keywords(text: str) -> str:
    """Write the options in a text as keywords, but for those of commands to be typed."""
    at, parts = 0, []
    for command in COMMAND.finditer(text):
        parts += [OPTION.sub(_keyword, text[at : command.start()]), command[0]]
        at = command.end()
    parts.append(OPTION.sub(_keyword, text[at:]))
    joined = "".join(parts)
    return VALUE_AT_START.sub(r"\1", joined) if text.startswith("--") else joined


@contextmanager
def spoken_in_keywords() -> Iterator[None]:
    """Let a CurateError speak of keywords."""
    try:
        yield
    except CurateError as error:
        error.args = (in_keywords(str(error)),)
        raise


def _keyword(found: re.Match[str]) -> str:
    """Write an option as a keyword; what is no option of ours is left alone."""
    names = _names()
    if found[1] not in names:
        return found[0]
    name, flag = names[found[1]]
    blank, rest = found["blank"] or "", found.string[found.end() :]
    if flag:
        return f"{name}=True{blank}"
    word = WORD.match(rest)
    is_value = LOOKS_LIKE_VALUE.match(rest) or (word and word[0] in _words().get(name, ()))
    return f"{name}=" if is_value and found[2] is None else f"{name}={blank}"


@cache
def _names() -> dict[str, tuple[str, bool]]:
    """Name the field of each option, by the option without its dashes; True: a flag."""
    found = {}
    for kind in _kinds():
        hints = get_type_hints(kind, include_extras=True)
        for field in fields(kind):
            # In an annotation typer takes the first name that it is given for the default.
            told = ((each.default, *(each.param_decls or ())) for each in _infos(hints[field.name]))
            given = (str(name) for names in told for name in names)
            written = [name[2:] for name in given if name.startswith("--")]
            for name in (field.name.replace("_", "-"), *written):
                found[name] = field.name, field.default is False
    return found


def _infos(hint: Any) -> list[ParameterInfo]:
    return [each for each in get_args(hint) if isinstance(each, ParameterInfo)]


@cache
def _words() -> dict[str, set[str | None]]:
    """Give the words that an option can be, by the name of its field."""
    hints = (hint for kind in _kinds() for hint in get_type_hints(kind).items())
    found: dict[str, set[str | None]] = {name: set(words_of(hint)) for name, hint in hints}
    for name, words in WORDS.items():
        found[name] |= words
    return found


def _kinds() -> tuple[Any, ...]:
    from curate.options.duplicates import DuplicatesOptions
    from curate.options.embed import EmbedOptions
    from curate.options.export import ExportOptions
    from curate.options.inspect import InspectOptions
    from curate.options.refine import RefineOptions
    from curate.options.report import ReportOptions
    from curate.options.show_graph import ShowOptions
    from curate.options.weight import WeightOptions

    return (
        WeightOptions, EmbedOptions, InspectOptions, DuplicatesOptions, RefineOptions,
        ReportOptions, ExportOptions, ShowOptions,
    )  # fmt: skip
