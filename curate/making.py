"""What made an output: the command, its options, the versions of the libraries, and the day."""

import os
import platform
import shlex
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import MISSING, Field, asdict, dataclass, fields, is_dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

LIBRARIES = ("curate", "numpy", "polars", "pyarrow", "pillow", "onnxruntime", "torch", "faiss-gpu",
             "open_clip_torch", "timm", "nltk", "transformers")  # fmt: skip
SPELLED = {"method.per_class": "prototypes_per_class", "method.verified": "verified_use"}
"""Fields of options whose names on the command line are others."""
POSITIONAL = ("manifest", "weighted.path")
WHERE_ONLY = ("out", "overwrite", "retry_failed", "workers")
"""Options that change nothing in an output but where it is, or when it comes."""


@dataclass(frozen=True)
class Making:
    """A command that had a part in an output; paths are relative to the output's folder."""

    command: str
    """As it can be typed there; files in --encoder and --graph are as they were named."""
    options: Mapping[str, object]
    """Every option that counts, by its name on the command line."""
    versions: Mapping[str, str]
    day: str
    """As ISO 8601 writes it, in UTC. Not the time: the same work on the same day gives the same
    bytes."""

    def as_json(self) -> dict[str, object]:
        """Give it as it is written down."""
        return asdict(self)


def making(command: str, options: Any, out: Path, versions: Mapping[str, str], day: str) -> Making:
    """Say that `curate COMMAND` with these options (a dataclass) made ``out``."""
    home = out.absolute().parent
    found = {name: (_plain(value, home), is_default) for name, value, is_default in _flat(options)}
    counted = {name: value for name, (value, _) in found.items() if name not in WHERE_ONLY}
    typed = {
        name: value
        for name, (value, is_default) in found.items()
        if name in counted and not is_default and name not in POSITIONAL
    }
    inputs = [str(counted[name]) for name in POSITIONAL if name in counted]
    line = command_line(command, *inputs, **typed)
    return Making(line, counted, versions, day)


def command_line(command: str, *inputs: str | Path, **options: object) -> str:
    """Write a command as it can be pasted; an option that is None or False is left out."""
    words = ["curate", command, *map(quoted, inputs)]
    for name, value in options.items():
        if value is None or value is False:
            continue
        option, word = f"--{name.replace('_', '-')}", _word(str(value))
        if value is True:
            words.append(option)
        elif str(value).startswith("-"):
            words.append(f"{option}={word}")
        else:
            words += [option, word]
    return " ".join(words)


def quoted(path: str | Path) -> str:
    """Quote a path for a shell, so that none is taken for an option."""
    return _word(f"./{path}" if str(path).startswith("-") else str(path))


def _word(text: str) -> str:
    """Quote a word; what is not printable is escaped, as bash, zsh and POSIX 2024 read it."""
    if text.isprintable():
        return shlex.quote(text)
    escaped = "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b"\\'" else f"\\x{byte:02x}"
        for byte in os.fsencode(text)
    )
    return f"$'{escaped}'"


def versions() -> dict[str, str]:
    """Give the versions of Python and of the libraries that results depend on."""
    found = {"python": platform.python_version()}
    for library in LIBRARIES:
        with suppress(ImportError):
            found[library] = version(library)
    return found


def today() -> str:
    """Give the day in UTC; SOURCE_DATE_EPOCH (seconds) names another, for builds that repeat."""
    seconds = float(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def _flat(options: Any, before: str = "") -> list[tuple[str, object, bool]]:
    """Give name, value and whether it is the default of every field, however deep."""
    found: list[tuple[str, object, bool]] = []
    for field in fields(options):
        value, name = getattr(options, field.name), f"{before}{field.name}"
        if is_dataclass(value):
            found += _flat(value, f"{field.name}.")
        else:
            plain = name if name in POSITIONAL else SPELLED.get(name, field.name)
            found.append((plain, value, value == _default(field)))
    return found


def _default(field: Field[Any]) -> object:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default


def _plain(value: object, home: Path) -> object:
    if isinstance(value, Path):
        return os.path.relpath(value.absolute(), home)
    return value
