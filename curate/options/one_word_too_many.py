"""Words of a command line that no option and no argument takes."""

import shlex
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Any

from typer.core import TyperCommand

from curate.errors import CurateError
from curate.terminal.printable import brief, listed

TAKES = {"weighted": "weighted manifest"}
"""What commands call the word that they take, where its name does not say it."""


class Command(TyperCommand):
    """A command that says of words that nothing takes why they are left, and what to write."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse; raises CurateError for words that are left."""
        typed, ctx.allow_extra_args = list(args), True
        left = super().parse_args(ctx, args)
        if left and not ctx.resilient_parsing:
            (named,) = (each.name for each in self.params if each.param_type_name == "argument")
            takes = TAKES.get(str(named), named)
            valued = {name for each in self.params for name in each.opts if not _is_flag(each)}
            raise CurateError(
                _of_blank(typed)
                or _of_value(typed, left, valued)
                or f"curate {ctx.info_name} takes one {takes} and options, and this is left:"
                f" {listed(left)}; put a name with blanks in quotes, and give the folder in"
                " place of a * that stands for several names."
            )
        return left


def _is_flag(parameter: Any) -> bool:
    return bool(getattr(parameter, "is_flag", False))


def _of_blank(typed: Sequence[str]) -> str | None:
    """Say that a word was meant to follow the = of an option."""
    for option, word in pairwise(typed):
        if option.startswith("--") and option.endswith("=") and not word.startswith("-"):
            return (
                f"{option} {brief(word)}: the blank after = cuts the two apart; write"
                f" {brief(option + shlex.quote(word))}"
            )
    return None


def _of_value(typed: Sequence[str], left: Sequence[str], valued: Collection[str]) -> str | None:
    """Say that words were meant to go on with the value of an option."""
    at = typed.index(left[0])
    if at < 2 or typed[at - 2] not in valued or [*typed[at : at + len(left)]] != [*left]:
        return None
    option, value = typed[at - 2], shlex.join([" ".join([typed[at - 1], *left])])
    return (
        f"'{brief(left[0])}' belongs to no option: {option} takes one word; if it is part of that,"
        f" write {option} {brief(value)}"
    )
