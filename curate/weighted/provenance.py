"""What made an output: the command, its options, the versions of the libraries, and the day."""

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any

from curate.store.urls import path_from
from curate.terminal.command_line import POSITIONAL, chosen_options, command_line, every_option

WHERE_ONLY = (
    "out", "overwrite", "retry_failed", "workers", "engine", "cpus_per_task", "gpus_per_task",
)  # fmt: skip
"""Options that change only where an output is or how soon it is done; a recorded command has them
only where it cannot run without them."""


@dataclass(frozen=True)
class Making:
    """A command that helped to make an output; paths are relative to the output's folder."""

    command: str
    """Can be typed in that folder; files in --encoder and --graph are as the user named them."""
    options: Mapping[str, object]
    """Every option that can change the output, by its name on the command line."""
    versions: Mapping[str, str]
    day: str
    """As ISO 8601 writes it, in UTC. Not the time: the same work on the same day gives the same
    bytes."""

    def as_json(self) -> dict[str, object]:
        """Give the fields by name, for JSON."""
        return asdict(self)


def making(command: str, options: Any, out: Path, versions: Mapping[str, str], day: str) -> Making:
    """Say that `curate COMMAND` with these options (a dataclass) made ``out``."""
    home = out.absolute().parent
    required = {each.name for each in fields(options) if each.default is MISSING}
    counted = {
        name: _plain(value, home)
        for name, value in every_option(options).items()
        if name in required or name not in WHERE_ONLY
    }
    typed = {name: counted[name] for name in chosen_options(options) if name in counted}
    inputs = [str(counted[name]) for name in POSITIONAL if name in counted]
    return Making(command_line(command, *inputs, **typed), counted, versions, day)


def _plain(value: object, home: Path) -> object:
    if isinstance(value, Path):
        return path_from(home, value)
    return value
