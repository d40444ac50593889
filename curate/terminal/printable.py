"""Text from the web, made safe for a terminal."""

from collections.abc import Collection
from itertools import islice

from rich.markup import escape

LONGEST = 80
FEW, LISTED = 3, 12
"""Names that are shown as examples, and of those that a person chooses from."""
LONGEST_MESSAGE = 2_000
"""Characters of a message: some lines, whatever it was made of."""


def printable(text: str) -> str:
    """Replace control, escape and bidirectional characters."""
    return "".join(c if c.isprintable() else "�" for c in text)


def shown(text: object) -> str:
    """Make what is put into a line of rich's markup printable, and no markup."""
    return escape(printable(str(text)))


def message(text: str, longest: int = LONGEST_MESSAGE) -> str:
    """Make a message printable; of one that is longer the middle is left out.

    Its end says what to do.
    """
    text = printable(text)
    if len(text) <= longest:
        return text
    half = longest // 2 - 2
    return f"{text[:half]} … {text[-half:]}"


def brief_path(path: object) -> str:
    """Make a path printable, and keep its end where it is longer than a line."""
    text = printable(str(path))
    return text if len(text) <= LONGEST else f"…{text[1 - LONGEST :]}"


def brief(text: str) -> str:
    """Make a label printable, and cut it where it is longer than a line."""
    text = printable(text)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def examples(names: Collection[str], most: int = FEW) -> str:
    """Name the first few in quotes: 'a', 'b', 'c', ..."""
    more = ", ..." if len(names) > most else ""
    return ", ".join(f"'{brief(name)}'" for name in islice(names, most)) + more


def listed(names: Collection[str], most: int = LISTED) -> str:
    """List names on a line or two, however many there are: a, b, c and 7 more."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(map(brief, islice(names, most))) + more if names else "(none)"
