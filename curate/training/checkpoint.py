"""Checkpoints of a training, so that a killed one goes on and ends with the same network."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from curate.store.folders import Folders

NAME = "checkpoint"
SECONDS = 60.0
"""Time between checkpoints: the most work that a kill costs."""


@dataclass
class Position:
    """The next step, and the epoch of the best network so far."""

    epoch: int = 0
    step: int = 0
    best_epoch: int = -1
    best_agreement: float = -1.0


@dataclass
class Checkpoints:
    """Saves and restores the state of ``parts``: anything that has a state_dict."""

    store: Folders
    parts: dict[str, Any]
    saved: float = field(default_factory=time.monotonic)

    def restore(self) -> Position:
        """Load the last checkpoint into the parts; without one, start at the beginning."""
        if NAME not in self.store:
            return Position()
        state = load_tensors(self.store, NAME, "state")
        for name, part in self.parts.items():
            part.load_state_dict(state[name])
        return Position(**state["position"])

    def save_now_and_then(self, position: Position) -> None:
        """Save if the last checkpoint is at least ``SECONDS`` old."""
        if time.monotonic() - self.saved >= SECONDS:
            self.save(position)

    def save(self, position: Position) -> None:
        """Save; a kill while this runs leaves the last checkpoint intact."""
        state = {name: part.state_dict() for name, part in self.parts.items()}
        self.store.write(NAME, {"state.pt": tensors({**state, "position": vars(position)})})
        self.saved = time.monotonic()


def tensors(state: dict[str, Any]) -> Callable[[Path], None]:
    """Return a function that writes tensors and plain numbers to a file."""
    return lambda path: torch.save(state, path)


def load_tensors(store: Folders, name: str, stem: str) -> dict[str, Any]:
    """Load a file of tensors; nothing in it is executed."""
    path = store.file(name, f"{stem}.pt")
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state
