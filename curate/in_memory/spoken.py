"""Messages for a caller in Python: keywords in place of options, and names in place of files."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from curate.options.keywords import in_keywords
from curate.store.urls import shown_urls


def spoken(text: str, names: Mapping[str, str]) -> str:
    """Put names in the place of paths that the caller has never seen, and keywords for options."""
    for path in sorted(names, key=len, reverse=True):
        text = text.replace(path, names[path])
    return in_keywords(shown_urls(text))


class SpokenConsole(Console):
    """A console that prints so; ``names`` may grow."""

    def __init__(self, names: Mapping[str, str], **options: Any) -> None:
        super().__init__(**options)
        self._names = names

    def print(self, *objects: Any, **options: Any) -> None:
        """Print; tables and other drawings are left as they are."""
        super().print(*map(self._said, objects), **options)

    def _said(self, line: Any) -> Any:
        if isinstance(line, str):
            return spoken(line, self._names)
        if isinstance(line, Text) and spoken(line.plain, self._names) != line.plain:
            return Text(spoken(line.plain, self._names), line.style)
        return line
