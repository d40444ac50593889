"""What tests of several packages share."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from graphs.wordnet import WordNet
    from tests.object_store import ObjectStore


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


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator["ObjectStore"]:
    """Start an S3 server with one bucket."""
    from tests.object_store import object_store

    with object_store(tmp_path_factory.mktemp("cache")) as store:
        yield store


@pytest.fixture
def home(server: "ObjectStore", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Start in a new folder with an empty cache."""
    from curate.store.mirror import open_store

    server.proxy.reset()
    monkeypatch.setenv("CURATE_CACHE_DIR", str(tmp_path / "cache"))
    open_store.cache_clear()
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    return tmp_path / "home"
