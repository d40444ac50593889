"""How columns were named when a table was weighed, for the functions that are given the result."""

import weakref
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from curate.options.in_python import Arguments

Options = TypeVar("Options")
Given = TypeVar("Given")
NAMED = ("label", "image", "key", "caption", "prefix", "root")
KEY_COLUMN = "key_column"
"""What functions call it whose ``key`` is that of a row."""
_TOLD: dict[int, dict[str, Any]] = {}
"""By the identity of a table that lives: tables have no hash, and most carry no metadata."""


def remember(table: Given, keywords: Mapping[str, Any]) -> Given:
    """Note the keywords that name columns for as long as the table lives, and give it back."""
    told = {name: keywords[name] for name in NAMED if keywords.get(name) is not None}
    if told:
        _TOLD[id(table)] = told
        weakref.finalize(table, _TOLD.pop, id(table), None)
    return table


def recalled(table: object) -> Mapping[str, Any]:
    """Give what was noted of this very table; nothing of one that was filtered or copied since."""
    return _TOLD.get(id(table), {})


def completed(arguments: Arguments[Options]) -> Arguments[Options]:
    """Add to a call what was noted of its table, where it does not say it again."""
    told = dict(recalled(arguments.first))
    if KEY_COLUMN in arguments.takes and "key" in told:
        told[KEY_COLUMN] = told.pop("key")
    added = {name: told[name] for name in told if name in arguments.takes}
    return replace(arguments, keywords={**added, **arguments.keywords})
