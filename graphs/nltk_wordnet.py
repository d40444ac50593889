"""WordNet on disk: found, opened and downloaded by NLTK, and read in a fraction of NLTK's time.

The only module of the project that imports nltk.
"""

import contextlib
import io
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import nltk.data
from nltk.corpus.reader.wordnet import WordNetCorpusReader, WordNetError
from nltk.downloader import Downloader


class EnglishReader(WordNetCorpusReader):  # type: ignore[misc]
    """NLTK's reader for English that parses only the index lines of words that are looked up.

    NLTK parses all 155,000 lines of the index when it opens, and maps WordNet's versions for other
    languages: this takes seconds.
    """

    _index_lines = ""
    """The lines that NLTK's parser gets when it opens an index next."""

    def entry_of_id(self, pos: str, offset: int) -> Any | None:
        """Return NLTK's synset at an offset of a part of speech; None if there is none."""
        with warnings.catch_warnings():  # NLTK warns about an unknown offset
            warnings.simplefilter("ignore")
            return self.synset_from_pos_and_offset(pos, offset)

    def entry_of_name(self, name: str) -> Any | None:
        """Return NLTK's synset of this name (tabby.n.01); None if there is none."""
        try:
            return self.synset(name)
        except WordNetError:
            return None

    def map_wn(self, version: str = "wordnet") -> None:
        """Map nothing: NLTK's constructor calls this for the other languages."""

    def open(self, file: str) -> Any:
        """Open a file: data from memory, as NLTK's stream is slow; an index as the chosen lines."""
        if file.startswith("index.") and file != "index.sense":
            lines, self._index_lines = self._index_lines, ""
            return io.StringIO(lines)
        return self._in_memory(file) if file.startswith("data.") else super().open(file)

    def _in_memory(self, file: str) -> io.TextIOWrapper:
        with super().open(file) as stream:
            return io.TextIOWrapper(io.BytesIO(stream.stream.read()), self._ENCODING)

    def _load_lemma_pos_offset_map(self) -> None:
        self._lemma_pos_offset_map = _Index(self._lines_of_words(), self._parse)

    def _lines_of_words(self) -> dict[str, str]:
        lines: dict[str, str] = {}
        for part in self._FILEMAP.values():
            for line in self._in_memory(f"index.{part}"):
                word = line[: line.index(" ")]
                lines[word] = lines.get(word, "") + line
        return lines

    def _parse(self, index_lines: str) -> None:
        self._index_lines = index_lines
        super()._load_lemma_pos_offset_map()


class _Index(dict[str, dict[str, list[int]]]):
    """NLTK's index (word -> part of speech -> offsets), parsed word by word when first needed."""

    def __init__(self, lines: Mapping[str, str], parse: Callable[[str], None]) -> None:
        self._lines, self._parse = lines, parse

    def __contains__(self, word: object) -> bool:
        return word in self._lines

    def __missing__(self, word: str) -> dict[str, list[int]]:
        self[word] = {}
        self._parse(self._lines.get(word, ""))
        return self[word]


def find_wordnet(folders: Sequence[Path] | None = None) -> Path | None:
    """Return the first data folder with a complete WordNet, packed or not; None if there is none.

    ``folders`` are data folders in NLTK's layout (with ``corpora/wordnet`` inside); the default is
    NLTK's own path. A complete WordNet has ``lexnames`` and ``index.sense``, which NLTK needs and
    some packages of WordNet leave out. NLTK rejects folders and files that other accounts can
    write to.
    """
    for folder in map(Path, nltk.data.path) if folders is None else folders:
        if all(_resource(folder, file) for file in ("lexnames", "index.sense")):
            return folder
    return None


def _resource(folder: Path, file: str) -> Any:
    """Return NLTK's pointer to a file of WordNet, or to its root (""); None if it is missing."""
    for corpus in ("corpora/wordnet/", "corpora/wordnet.zip/wordnet/"):
        with warnings.catch_warnings(), contextlib.suppress(LookupError, OSError):
            warnings.simplefilter("ignore")  # about folders that others can write to: None says it
            return nltk.data.find(corpus + file, paths=[str(folder)])
    return None


def open_reader(folder: Path) -> EnglishReader:
    """Open the WordNet in a data folder; raises LookupError if there is none.

    The folder is added to NLTK's data path for this process, because NLTK opens files nowhere else.
    """
    if str(folder) not in nltk.data.path:
        nltk.data.path.append(str(folder))
    if find_wordnet([folder]) is None:
        raise LookupError(
            f"There is no complete WordNet in {folder}: put corpora/wordnet there, with lexnames "
            "and index.sense among its files, none of which other accounts may write to."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about missing languages other than English
        return EnglishReader(_resource(folder, ""), None)


def download_wordnet(folder: Path, patience: float = 10.0) -> None:
    """Download WordNet into a data folder from NLTK's server, printing nothing.

    Raises LookupError with the reason if the server's index does not arrive within ``patience``
    seconds, or if the download fails.
    """
    downloader = Downloader()
    _await_index(downloader, patience)
    said = io.StringIO()
    try:
        done = downloader.download("wordnet", str(folder), quiet=True, print_error_to=said)
    except (OSError, ValueError) as error:
        raise LookupError(f"NLTK's download failed ({error})") from error
    if not done or find_wordnet([folder]) is None:
        raise LookupError(f"NLTK's download failed ({said.getvalue().strip() or 'no reason'})")


def _await_index(downloader: Downloader, patience: float) -> None:
    """Fetch the list of packages in a thread, because a DNS lookup has no timeout of its own."""
    failure: list[Exception] = [TimeoutError(f"no answer in {patience:g} s")]

    def fetch() -> None:
        try:
            downloader.index()
            failure.clear()
        except Exception as error:  # any error is reported as the reason
            failure[:] = [error]

    thread = threading.Thread(target=fetch, daemon=True)
    thread.start()
    thread.join(patience)
    if failure:
        raise LookupError(f"NLTK's server cannot be reached ({failure[0]})")
