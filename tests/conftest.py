"""What tests of several packages share."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from graphs.wordnet import WordNet


@pytest.fixture(scope="session")
def wordnet_folder() -> Path:
    from curate.wordnet_setup import ensure_wordnet  # here, since importing nltk takes a second

    return ensure_wordnet()


@pytest.fixture(scope="session")
def wordnet(wordnet_folder: Path) -> "WordNet":
    from graphs.wordnet import open_wordnet

    return open_wordnet(wordnet_folder)
