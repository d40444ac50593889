"""What the classes are called on the page."""

from collections.abc import Mapping

from curate.report.words import words


class Names:
    """Names and numbers of classes, by their labels.

    The ``listed`` ones have numbers; ``known`` has names, by label, such as WordNet's.
    """

    def __init__(self, listed: list[str], known: Mapping[str, str]) -> None:
        self.listed = listed
        self._numbers = {label: at for at, label in enumerate(listed)}
        self._known = known

    def name(self, label: str) -> str:
        """Return the printable name of a class: its label if it has no name."""
        return words(self._known.get(label, label))

    def place(self, label: str) -> int | str:
        """Return the number of a listed class, or the name of any other."""
        found = self._numbers.get(label)
        return self.name(label) if found is None else found

    def full(self, label: str) -> str:
        """Return the name of a class, with its label if the two differ."""
        name, label = self.name(label), words(label)
        return name if name == label else f"{name} ({label})"
