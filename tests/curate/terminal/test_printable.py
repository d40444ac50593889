"""Text from outside does nothing to a terminal."""

import io

from rich.console import Console

from curate.terminal.notices import say, warn
from curate.terminal.printable import LONGEST_MESSAGE, counted, examples, listed, message, shown

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


def test_of_many_names_a_few_are_shown() -> None:
    names = [f"n{number}" for number in range(20)]
    assert examples(names) == "'n0', 'n1', 'n2', ..."
    assert examples(names[:3]) == "'n0', 'n1', 'n2'"
    assert listed(names, 2) == "n0, n1 and 18 more"
    assert listed(["a", "b\x1b"]) == "a, b�"
    assert listed([]) == "(none)"


def test_lines_and_warnings_are_neither_markup_nor_wrapped() -> None:
    file = io.StringIO()
    console = Console(file=file, width=20)
    say(console, HOSTILE)
    warn(console, "[b]Title", HOSTILE)
    line = "[bold red]x[/] �[2J� � back\\"
    assert file.getvalue() == f"{line}\n[b]Title: {line}\n"


def test_one_is_not_written_as_many() -> None:
    assert [counted(n, "row") for n in (0, 1, 2000)] == ["0 rows", "1 row", "2,000 rows"]
    assert [counted(n, "class", "classes") for n in (1, 2)] == ["1 class", "2 classes"]
