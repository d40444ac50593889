"""What tests of several packages share."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from graphs.wordnet import WordNet


@pytest.fixture(scope="session")
def wordnet() -> "WordNet":
    from graphs.wordnet import open_wordnet

    return open_wordnet()


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


@pytest.fixture
def killed_at_write(
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[int, bool], AbstractContextManager[None]]:
    """Give a context in which a command dies before, or after, it writes its n-th folder."""
    from curate.store.folders import Folders

    @contextmanager
    def killed(fatal: int, after: bool) -> Iterator[None]:
        write, numbers = Folders.write, count()

        def dying(self: Folders, name: str, contents: dict, **facts: object) -> None:
            number = next(numbers)  # shards are written by several threads
            if number == fatal and not after:
                raise Killed
            write(self, name, contents, **facts)
            if number == fatal:
                raise Killed

        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(Folders, "write", dying)
            yield

    return killed
