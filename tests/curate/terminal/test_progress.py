"""Bars on a terminal, and none where there is none."""

import io

import pytest
from rich.console import Console

from curate.terminal import progress
from curate.terminal.progress import fetch_bar, progress_bar


def test_a_fetch_is_shown_below_the_bar_of_the_step() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120)
    with progress_bar(console, "Embedding", 10), fetch_bar("[b]00.tar\x1b", 4 << 30) as come:
        come(1 << 30)
        console._live_stack[0].refresh()  # As a thread does ten times a second.
    shown = screen.getvalue()
    assert "Embedding" in shown and "Fetching [b]00.tar" in shown and "1.1/4.3 GB" in shown
    assert not progress._showing


@pytest.mark.parametrize("terminal", [True, False])
def test_a_fetch_alone_is_shown_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=terminal, width=100)
    monkeypatch.setattr(progress, "Console", lambda stderr: console)
    with fetch_bar("00.tar", 2_000_000) as come:
        come(1_000_000)
        console.print("beside")
    assert ("Fetching 00.tar" in screen.getvalue()) == terminal
