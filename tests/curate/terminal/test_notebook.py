"""Progress in notebooks, with a stand-in for IPython's display."""

import sys
from types import ModuleType

import pytest
from rich.console import Console

from curate.terminal import notebook
from curate.terminal.progress import busy, progress_bar


class Shown:
    """A display handle."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, data: dict[str, str], raw: bool, display_id: bool) -> "Shown":
        self.update(data, raw)
        return self

    def update(self, data: dict[str, str], raw: bool) -> None:
        self.lines.append(data["text/plain"])


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    handle, display = Shown(), ModuleType("IPython.display")
    display.display = handle  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    monkeypatch.setattr(notebook, "find_spec", lambda name: None)
    return handle


def test_a_line_changes_now_and_then_and_goes(
    shown: Shown, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    times = iter([0.0, 0.1, 0.6, 0.6, 0.7])
    monkeypatch.setattr(notebook.time, "monotonic", lambda: next(times))
    with progress_bar(Console(force_jupyter=True), "Embedding", 2_000) as advance:
        advance(500)
        advance(1_000)
        advance(500)
    assert shown.lines == ["Embedding 0/2,000", "Embedding 1,500/2,000", ""]
    assert not len(recwarn)


def test_the_line_goes_after_an_error_too(shown: Shown) -> None:
    with pytest.raises(ValueError), progress_bar(Console(force_jupyter=True), "Embedding", 1):
        raise ValueError
    assert shown.lines[-1] == ""


def test_a_quiet_console_and_a_spinner_show_nothing(shown: Shown) -> None:
    with progress_bar(Console(force_jupyter=True, quiet=True), "Embedding", 1) as advance:
        advance(1)
    with busy(Console(force_jupyter=True), "Counting"):
        pass
    assert shown.lines == []
