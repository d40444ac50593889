"""What tests of several packages share."""

from pathlib import Path

import pytest

from curate.wordnet_setup import ensure_wordnet
from graphs.wordnet import WordNet, open_wordnet


@pytest.fixture(scope="session")
def wordnet_folder() -> Path:
    return ensure_wordnet()


@pytest.fixture(scope="session")
def wordnet(wordnet_folder: Path) -> WordNet:
    return open_wordnet(wordnet_folder)
