import pytest

from benchmarks import auto, heads


@pytest.fixture
def one_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train heads for one epoch only."""
    for module in (auto, heads):
        monkeypatch.setattr(module, "EPOCHS", 1)
