"""Text from the web, made safe for a terminal."""

from rich.markup import escape

LONGEST = 80
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


def brief(text: str) -> str:
    """Make a label printable, and cut it where it is longer than a line."""
    text = printable(text)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
