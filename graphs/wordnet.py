"""WordNet, read through NLTK: which synsets a label can mean, what they say, what is above them.

The only module of the project that imports nltk.
"""

import contextlib
import io
import re
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import nltk.data
import numpy as np
from nltk.corpus.reader.wordnet import WordNetCorpusReader, WordNetError
from nltk.downloader import Downloader
from numpy.typing import NDArray

from graphs.blocks import Blocks, whole
from graphs.path_similarity import path_similarity_rows

_SIMULATED_ROOT = "*ROOT*"
_PARTS_OF_SPEECH = ("n", "a", "v", "r")
"""The order of preference: classes are things in pictures, or else textures, or else acts."""
_ID = re.compile(r"([nvars])(\d{8})", re.IGNORECASE)
_NAME = re.compile(r".+\.[nvars]\.0*[1-9]\d*", re.IGNORECASE)


@dataclass(frozen=True)
class Synset:
    """One meaning: its name (``crane.n.05``), its gloss and its place in the taxonomy."""

    name: str
    definition: str
    lemmas: tuple[str, ...]
    lexname: str
    """The lexicographer's file that it comes from: ``noun.animal``, ``verb.motion`` ..."""
    hypernyms: tuple[str, ...]
    """Names of the synsets right above, instance hypernyms included."""
    is_instance: bool
    """It names one thing (a person, a place, a ship), not a kind of thing."""


@dataclass(frozen=True)
class Candidates:
    """The synsets that a label can mean, the most frequent sense first."""

    given: Literal["id", "name", "word"]
    """What the label was read as."""
    synsets: tuple[str, ...]
    counts: tuple[int, ...]
    """How often WordNet's tagged texts use the word in this sense; 0 for an id or a name."""


_NO_CANDIDATES = Candidates("word", (), ())


class WordNet:
    """Look labels, glosses and hypernyms up in an opened WordNet."""

    def __init__(self, reader: WordNetCorpusReader) -> None:
        self._reader = reader
        self._synsets: dict[str, Synset] = {}

    def by_label(self, label: str | int) -> Candidates:
        """Return what a label can mean; no synsets where WordNet does not know it.

        A label is an id as ImageNet writes it (n02123045), a name (tabby.n.01) or a word
        (sea lion, sea_lion, Sea-Lion, SeaLion, sea lions), upper or lower case. A word that
        has noun senses means one of those, or else an adjective, a verb, an adverb. A number
        is the index of a class, not a word, though WordNet has an entry for 7.
        """
        text = str(label).strip()
        given: Literal["id", "name"] = "id" if _ID.fullmatch(text) else "name"
        name = self.find(text)
        if name is not None:
            return Candidates(given, (name,), (0,))
        return self._by_word(text) if re.search(r"[a-z]", text.lower()) else _NO_CANDIDATES

    def find(self, id_or_name: str) -> str | None:
        """Return the canonical name of the synset with this id or name; None: there is none."""
        if found := _ID.fullmatch(id_or_name):
            return self._by_id(found[1].lower(), int(found[2]))
        if not _NAME.fullmatch(id_or_name):
            return None
        try:
            return self._keep(self._reader.synset(id_or_name))
        except WordNetError:
            return None

    def synset(self, name: str) -> Synset:
        """Return the synset of this name; raises LookupError if WordNet has none."""
        if name not in self._synsets and self.find(name) != name:
            raise LookupError(f"WordNet has no synset {name!r}; write a name such as tabby.n.01.")
        return self._synsets[name]

    def glosses(self, name: str) -> list[str]:
        """Return the definition of a synset, then those of the synsets right above it."""
        synset = self.synset(name)
        return [synset.definition, *(self.synset(h).definition for h in synset.hypernyms)]

    def hypernym_distances(self, name: str) -> dict[str, int]:
        """Return the fewest edges from a synset to itself (0) and to everything above it."""
        distances: dict[str, int] = {}
        queue = deque([(name, 0)])
        while queue:
            synset, distance = queue.popleft()
            if synset not in distances:
                distances[synset] = distance
                queue.extend((above, distance + 1) for above in self.synset(synset).hypernyms)
        return distances

    def _by_id(self, pos: str, offset: int) -> str | None:
        with warnings.catch_warnings():  # NLTK warns of an unknown offset; None says it here
            warnings.simplefilter("ignore")
            entry = self._reader.synset_from_pos_and_offset(pos, offset)
        return None if entry is None else self._keep(entry)

    def _by_word(self, text: str) -> Candidates:
        for pos in _PARTS_OF_SPEECH:
            for spelling in _spellings(text):
                entries = dict.fromkeys(self._reader.synsets(spelling, pos))
                if entries:
                    counts = tuple(self._count(spelling, entry) for entry in entries)
                    return Candidates("word", tuple(map(self._keep, entries)), counts)
        return _NO_CANDIDATES

    def _count(self, word: str, entry: Any) -> int:
        forms = (word, self._reader.morphy(word, entry.pos()))
        return max((m.count() for m in entry.lemmas() if m.name().lower() in forms), default=0)

    def _keep(self, entry: Any) -> str:
        """Remember a synset as plain data, so that NLTK's objects stay in this module."""
        name = str(entry.name())
        if name not in self._synsets:
            instance_of = entry.instance_hypernyms()
            above = {str(h.name()) for h in [*entry.hypernyms(), *instance_of]}
            self._synsets[name] = Synset(
                name,
                entry.definition(),
                tuple(entry.lemma_names()),
                entry.lexname(),
                tuple(sorted(above)),  # NLTK's order depends on the hash seed
                bool(instance_of),
            )
        return name


class _EnglishReader(WordNetCorpusReader):  # type: ignore[misc]
    """NLTK's reader, for English only, that parses of the index what is looked up.

    NLTK parses all 155,000 lines of it when it opens, and maps WordNet's versions for the other
    languages: seconds.
    """

    _index_lines = ""
    """What NLTK's parser shall find in the index."""

    def map_wn(self, version: str = "wordnet") -> None:
        """Map nothing."""

    def open(self, file: str) -> Any:
        """Open a file: data in memory, as NLTK's stream is slow; of an index lines asked for."""
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
    """NLTK's index, word -> part of speech -> synsets, that NLTK fills when a word is looked up."""

    def __init__(self, lines: Mapping[str, str], parse: Callable[[str], None]) -> None:
        self._lines, self._parse = lines, parse

    def __contains__(self, word: object) -> bool:
        return word in self._lines

    def __missing__(self, word: str) -> dict[str, list[int]]:
        self[word] = {}
        self._parse(self._lines.get(word, ""))
        return self[word]


def wordnet_graph(synsets: Sequence[str | None], wordnet: WordNet) -> NDArray[np.float32]:
    """Return S_w (C, C), exactly NLTK's ``path_similarity`` of every two classes' synsets.

    A class without a synset (None) is related to itself alone. Source: SINet Eq. 3.
    """
    return whole(wordnet_rows(synsets, wordnet), len(synsets))


def wordnet_rows(synsets: Sequence[str | None], wordnet: WordNet) -> Blocks:
    """Return the same by blocks of rows."""
    maps = {name: _rooted(wordnet.hypernym_distances(name)) for name in synsets if name}
    return path_similarity_rows([maps[name] if name else None for name in synsets])


def _rooted(distances: dict[str, int]) -> dict[str, int]:
    """Add the root that NLTK simulates, a step beyond the farthest ancestor.

    It joins the taxonomies of verbs, and a noun with a verb. NLTK leaves it out between two
    nouns, where it changes nothing: all nouns meet in entity.n.01, which is nearer.
    """
    return {**distances, _SIMULATED_ROOT: max(distances.values()) + 1}


def find_wordnet(folders: Sequence[Path] | None = None) -> Path | None:
    """Return the first data folder with a complete WordNet, packed or not; None: there is none.

    ``folders`` are data folders as NLTK has them (``corpora/wordnet`` inside); by default
    those on NLTK's own path. Complete means with ``lexnames`` and ``index.sense``, which some
    packages of WordNet leave out and NLTK cannot do without. NLTK takes no folder or file that
    other accounts can write to.
    """
    for folder in map(Path, nltk.data.path) if folders is None else folders:
        if all(_resource(folder, file) for file in ("lexnames", "index.sense")):
            return folder
    return None


def _resource(folder: Path, file: str) -> Any:
    """Return NLTK's pointer to a file of WordNet, or to its root (""); None: it has none."""
    for corpus in ("corpora/wordnet/", "corpora/wordnet.zip/wordnet/"):
        with warnings.catch_warnings(), contextlib.suppress(LookupError, OSError):
            warnings.simplefilter("ignore")  # that others can write there: reported as None
            return nltk.data.find(corpus + file, paths=[str(folder)])
    return None


def open_wordnet(folder: Path) -> WordNet:
    """Open the WordNet in a data folder; LookupError if there is none.

    The folder joins NLTK's data path for this process: NLTK opens files nowhere else.
    """
    if str(folder) not in nltk.data.path:
        nltk.data.path.append(str(folder))
    if find_wordnet([folder]) is None:
        raise LookupError(
            f"There is no complete WordNet in {folder}: put corpora/wordnet there, with lexnames "
            "and index.sense among its files, none of which other accounts may write to."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there are no other languages than English
        return WordNet(_EnglishReader(_resource(folder, ""), None))


def download_wordnet(folder: Path, patience: float = 10.0) -> None:
    """Download WordNet into a data folder from NLTK's server, printing nothing.

    Raises LookupError with the reason if the server's index has not come within ``patience``
    seconds or the download fails.
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
    """Fetch the list of packages in a thread: a name server that is away knows no time limit."""
    failure: list[Exception] = [TimeoutError(f"no answer in {patience:g} s")]

    def fetch() -> None:
        try:
            downloader.index()
            failure.clear()
        except Exception as error:  # whatever it is, it is reported as the reason
            failure[:] = [error]

    thread = threading.Thread(target=fetch, daemon=True)
    thread.start()
    thread.join(patience)
    if failure:
        raise LookupError(f"NLTK's server cannot be reached ({failure[0]})")


def _spellings(text: str) -> Iterator[str]:
    """Yield the ways in which WordNet may write a word: sea_lion, sea-lion, sealion."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    for form in dict.fromkeys((text, apart)):
        parts = re.split(r"[\s_-]+", form.lower())
        yield "_".join(form.lower().split())
        yield from (joint.join(parts) for joint in ("_", "-", ""))
