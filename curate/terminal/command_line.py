"""Commands that can be typed, made from options."""

import os
import shlex
import shutil
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from curate.store.urls import shown_urls

POSITIONAL = ("manifest", "weighted")


def every_option(options: Any) -> dict[str, object]:
    """Return the fields of options (a dataclass), under the names that options have when typed."""
    return {each.name: getattr(options, each.name) for each in fields(options)}


def chosen_options(options: Any) -> dict[str, object]:
    """Return the options that differ from their defaults, without files given by place."""
    return {
        each.name: getattr(options, each.name)
        for each in fields(options)
        if each.name not in POSITIONAL and getattr(options, each.name) != each.default
    }


def command_line(command: str, *inputs: str | Path, **options: object) -> str:
    """Write a command that can be pasted; an option that is None or False is left out."""
    words = [program(), command, *map(quoted, inputs)]
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


def program() -> str:
    """Write how this program was called, where a shell would not find it as `curate`."""
    called, found = Path(sys.argv[0]), shutil.which("curate")
    if called.parts[-2:] == ("curate", "__main__.py"):
        return f"{quoted(sys.orig_argv[0])} -m curate"
    if called.name != "curate" or not called.is_file():
        return "curate"
    return "curate" if found and called.samefile(found) else quoted(called)


def quoted(path: str | Path) -> str:
    """Quote a path for a shell, so that it is not taken for an option."""
    return _word(f"./{path}" if str(path).startswith("-") else str(path))


def _word(text: str) -> str:
    """Quote a word, a URL for a path of the cache.

    What is not printable is escaped, as bash, zsh and POSIX 2024 read it.
    """
    text = shown_urls(text)
    if text.isprintable():
        return shlex.quote(text)
    escaped = "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b"\\'" else f"\\x{byte:02x}"
        for byte in os.fsencode(text)
    )
    return f"$'{escaped}'"


def say_next(console: Console, command: str) -> None:
    """Print the next command, ready to be pasted."""
    console.print(Text(f"Next: {command}"), soft_wrap=True)
