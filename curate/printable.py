"""Text from the web, made safe for a terminal."""

LONGEST = 80


def printable(text: str) -> str:
    """Replace control, escape and bidirectional characters."""
    return "".join(c if c.isprintable() else "�" for c in text)


def brief(text: str) -> str:
    """Make a label printable, and cut it where it is longer than a line."""
    text = printable(text)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
