"""Texts from the web and numbers as the page writes them."""

import datetime

from curate.terminal.printable import LONGEST, printable

LONGEST_TEXT = 200
"""Characters of a caption, or of a list."""


def words(text: object, longest: int = LONGEST) -> str:
    """Put a text on one line, without control characters, in at most ``longest`` characters."""
    line = printable(" ".join(str(text).split()))
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def number(value: object) -> str:
    """Write a value of curate's columns: three decimals, lists with commas, – for None."""
    if isinstance(value, list):
        return words(", ".join(map(number, value)) or "–", LONGEST_TEXT)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "< 0.001" if 0 < value < 0.0005 else f"{value:.3f}"
    return "–" if value is None else words(value)


def percent(share: float) -> str:
    """Write a share as a percentage; one decimal where it is small."""
    return f"{share:.1%}" if 0 < share < 0.1 else f"{share:.0%}"


def day(time: str) -> str:
    """Write the day of an ISO time; '' for any other text."""
    try:
        moment = datetime.datetime.fromisoformat(time)
    except ValueError:
        return ""
    return f"{moment.day} {moment:%B %Y}"
