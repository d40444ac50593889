"""Where a training stands, on disk, so that a killed one goes on as if it had not been."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from curate.store.folders import Folders

NAME = "checkpoint"
SECONDS = 60.0
"""What a kill may cost."""


@dataclass
class Position:
    """The step that comes next, and what was the best network so far."""

    epoch: int = 0
    step: int = 0
    best_epoch: int = -1
    best_agreement: float = -1.0


@dataclass
class Checkpoints:
    """Saves the state of ``parts`` (anything with state_dict) now and then, and restores it."""

    store: Folders
    parts: dict[str, Any]
    saved: float = field(default_factory=time.monotonic)

    def restore(self) -> Position:
        """Load the last checkpoint into the parts; without one, begin."""
        if NAME not in self.store:
            return Position()
        state = load_tensors(self.store, NAME, "state")
        for name, part in self.parts.items():
            part.load_state_dict(state[name])
        return Position(**state["position"])

    def save_now_and_then(self, position: Position) -> None:
        """Save where the last time is ``SECONDS`` ago."""
        if time.monotonic() - self.saved >= SECONDS:
            self.save(position)

    def save(self, position: Position) -> None:
        """Save; a kill meanwhile leaves the last one."""
        state = {name: part.state_dict() for name, part in self.parts.items()}
        self.store.write(NAME, {"state.pt": tensors({**state, "position": vars(position)})})
        self.saved = time.monotonic()


def tensors(state: dict[str, Any]) -> Callable[[Path], None]:
    """Give the writer of a file of tensors and plain numbers."""
    return lambda path: torch.save(state, path)


def load_tensors(store: Folders, name: str, stem: str) -> dict[str, Any]:
    """Load a file of tensors; nothing in it is executed."""
    path = store.file(name, f"{stem}.pt")
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state
