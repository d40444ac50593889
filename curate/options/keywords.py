"""Texts of the command line, as a caller in Python reads them: keywords in place of options."""

import re
from dataclasses import fields
from functools import cache
from typing import Any

OPTION = re.compile(r"--([a-z][a-z-]*[a-z])\b( (?:DIR|FILE|COLUMN|K)\b)?")
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


def _keyword(found: re.Match[str]) -> str:
    """Write an option as a keyword; what is no option of ours is left alone."""
    name = found[1].replace("-", "_")
    flags = _options()
    if name not in flags:
        return found[0]
    return f"{name}=True" if flags[name] else f"{name}="


@cache
def _options() -> dict[str, bool]:
    """Name the fields of all options; True: a flag."""
    return {field.name: field.default is False for kind in _kinds() for field in fields(kind)}


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
