"""Text from outside does nothing to a terminal."""

import io

from rich.console import Console

from curate.printable import LONGEST_MESSAGE, message, shown

HOSTILE = "[bold red]x[/] \x1b[2J\x07 \u202e back\\"


def test_shown_text_is_neither_markup_nor_an_escape() -> None:
    file = io.StringIO()
    Console(file=file, width=200).print(f"[b]{shown(HOSTILE)}[/b]", highlight=False)
    assert file.getvalue() == "[bold red]x[/] �[2J� � back\\\n"


def test_a_long_message_keeps_its_beginning_and_its_end() -> None:
    text = message("Error: columns " + "a\x1b, " * 100_000 + "; name one with --label.")
    assert len(text) <= LONGEST_MESSAGE
    assert text.startswith("Error: columns a")
    assert text.endswith("; name one with --label.")
    assert text.isprintable()
    assert message("short") == "short"
