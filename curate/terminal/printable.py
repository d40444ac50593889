"""Text from the web, made safe for a terminal."""

from collections.abc import Collection, Iterable
from itertools import islice

from rich.markup import escape

from curate.store.urls import shown_urls

LONGEST = 80
FEW, LISTED = 3, 12
"""Most names that are shown as examples, and most that are shown for a person to choose from."""
LONGEST_MESSAGE = 2_000
"""Most characters of a message: some lines, even if it quotes long texts."""


def counted(count: int, one: str, several: str | None = None) -> str:
    """Write a count with its noun: 1 row, 2,000 rows; ``several`` where an s does not do."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def printable(text: str) -> str:
    """Replace control, escape and bidirectional characters; write URLs for paths of the cache."""
    return "".join(c if c.isprintable() else "�" for c in shown_urls(text))


def shown_lines(lines: Iterable[str]) -> str:
    """Make each line printable, and escape all for rich's markup."""
    return "\n".join(map(shown, lines))


def shown(text: object) -> str:
    """Make text printable, and escape it for a line of rich's markup."""
    return escape(printable(str(text)))


def message(text: str, longest: int = LONGEST_MESSAGE) -> str:
    """Make a message printable; the middle of one that is longer is left out.

    Its end is kept, as that says what to do.
    """
    text = printable(text)
    if len(text) <= longest:
        return text
    half = longest // 2 - 2
    return f"{text[:half]} … {text[-half:]}"


def brief_path(path: object) -> str:
    """Make a path printable, and keep only its end if it is longer than a line."""
    text = printable(str(path))
    return text if len(text) <= LONGEST else f"…{text[1 - LONGEST :]}"


def brief(text: str) -> str:
    """Make a label printable, and cut it if it is longer than a line."""
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
