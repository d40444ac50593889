"""Which pictures a terminal shows is told by its environment, and nothing is asked of it."""

import io
import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from curate.inspect.terminal_pictures import Pictures, choose_pictures, picture

RED = Image.new("RGB", (4, 4), (255, 0, 0))


def console(**options: object) -> Console:
    chosen = {"force_terminal": True, "color_system": "truecolor", "no_color": False, "width": 20}
    return Console(file=io.StringIO(), **(chosen | options))


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"TERM": "xterm-256color"}, "blocks"),
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "kitty"),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1", "TMUX": "/tmp/t"}, "blocks"),
        ({"TERM": "screen-256color", "TERM_PROGRAM": "WezTerm"}, "blocks"),
        ({"TERM": "foot"}, "sixel"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "sixel"),
        ({"TERM": "xterm-256color", "KONSOLE_VERSION": "220401"}, "sixel"),
        ({"TERM": "xterm-256color", "KONSOLE_VERSION": "210000"}, "blocks"),
        ({}, "blocks"),
    ],
)
def test_the_environment_tells_what_a_terminal_can(
    environment: dict[str, str], expected: str
) -> None:
    assert choose_pictures(Pictures.AUTO, console(), environment) == expected


def test_without_colours_or_a_terminal_there_are_words_unless_pictures_are_asked_for() -> None:
    kitty = {"TERM": "xterm-kitty"}
    for plain in (
        console(force_terminal=False),
        console(color_system=None),
        console(no_color=True),
    ):
        assert choose_pictures(Pictures.AUTO, plain, kitty) == "none"
        assert choose_pictures(Pictures.SIXEL, plain, kitty) == "sixel"


def test_each_kind_draws_in_its_own_way(capsys: pytest.CaptureFixture[str]) -> None:
    shown = console()
    shown.print(picture(RED, Pictures.BLOCKS, 6))
    lines = shown.file.getvalue().splitlines()
    assert len([line for line in lines if "▀" in line]) == 3
    assert "38;2;255;0;0;48;2;255;0;0" in lines[0]
    shown = console()
    shown.print(picture(RED, Pictures.SIXEL, 6))
    assert "\x1bP" in shown.file.getvalue()
    shown = console()
    shown.print(picture(RED, Pictures.KITTY, 6))
    assert shown.file.getvalue().count("\U0010eeee") == 18


@pytest.mark.parametrize("term", ["xterm-256color", "foot"])
def test_a_terminal_that_never_answers_is_not_asked(term: str) -> None:
    code = (
        "from PIL import Image; from rich.console import Console\n"
        "from curate.inspect.terminal_pictures import *; import os\n"
        "console = Console()\n"
        "kind = choose_pictures(Pictures.AUTO, console, os.environ)\n"
        "console.print(kind, picture(Image.new('RGB', (4, 4)), kind, 6))"
    )
    ours, theirs = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "TERM": term, "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(
        [sys.executable, "-c", code],
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        env=environment,
        check=True,
    )
    written = b""
    while select.select([ours], [], [], 0)[0]:
        written += os.read(ours, 65_536)
    os.close(ours)
    os.close(theirs)
    assert done.stderr == b""
    assert {"foot": b"sixel"}.get(term, b"blocks") in written
    for question in (b"\x1b[c", b"\x1b[16t", b"\x1b_G"):
        assert question not in written
