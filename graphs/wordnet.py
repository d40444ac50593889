"""WordNet: which synsets a label can mean, what they say, and what is above them."""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from graphs.path_similarity import path_similarity_rows
from graphs.row_blocks import Blocks

if TYPE_CHECKING:
    from graphs.nltk_wordnet import EnglishReader

_SIMULATED_ROOT = "*ROOT*"
_PARTS_OF_SPEECH = ("n", "a", "v", "r")
"""In order of preference: most classes are things; some are textures, a few are actions."""
_ID = re.compile(r"([nvars])(\d{8})", re.IGNORECASE)
_NAME = re.compile(r".+\.[nvars]\.0*[1-9]\d*", re.IGNORECASE)


@dataclass(frozen=True)
class Synset:
    """One meaning: its name (``crane.n.05``), its gloss and its place in the taxonomy."""

    name: str
    definition: str
    lemmas: tuple[str, ...]
    lexname: str
    """The lexicographer file it comes from: ``noun.animal``, ``verb.motion`` ..."""
    hypernyms: tuple[str, ...]
    """Names of the synsets directly above it, instance hypernyms included."""
    is_instance: bool
    """Whether it names one thing (a person, a place, a ship), not a kind of thing."""


@dataclass(frozen=True)
class Candidates:
    """The synsets that a label can mean, the most frequent sense first."""

    given: Literal["id", "name", "word"]
    """How the label was read."""
    synsets: tuple[str, ...]
    counts: tuple[int, ...]
    """How often the word has this sense in WordNet's tagged texts; 0 for an id or a name."""


_NO_CANDIDATES = Candidates("word", (), ())


class WordNet:
    """Look up labels, glosses and hypernyms; see `open_wordnet`."""

    def __init__(self, reader: "EnglishReader") -> None:
        self._reader = reader
        self._synsets: dict[str, Synset] = {}

    def by_label(self, label: str | int) -> Candidates:
        """Return what a label can mean; no synsets if WordNet does not know it.

        A label is an ImageNet id (n02123045), a synset name (tabby.n.01) or a word (sea lion,
        sea_lion, Sea-Lion, SeaLion, sea lions), in upper or lower case. A word is looked up as a
        noun first, then as an adjective, a verb and an adverb; the first that is found counts. A
        number is the index of a class, not a word, even though WordNet has an entry for 7.
        """
        text = str(label).strip()
        given: Literal["id", "name"] = "id" if _ID.fullmatch(text) else "name"
        name = self.find(text)
        if name is not None:
            return Candidates(given, (name,), (0,))
        return self._by_word(text) if re.search(r"[a-z]", text.lower()) else _NO_CANDIDATES

    def find(self, id_or_name: str) -> str | None:
        """Return the canonical name of the synset with this id or name; None if there is none."""
        if found := _ID.fullmatch(id_or_name):
            return self._by_id(found[1].lower(), int(found[2]))
        entry = self._reader.entry_of_name(id_or_name) if _NAME.fullmatch(id_or_name) else None
        return None if entry is None else self._keep(entry)

    def synset(self, name: str) -> Synset:
        """Return the synset of this name; raises LookupError if WordNet has none."""
        if name not in self._synsets and self.find(name) != name:
            raise LookupError(f"WordNet has no synset {name!r}; write a name such as tabby.n.01.")
        return self._synsets[name]

    def glosses(self, name: str) -> list[str]:
        """Return the definition of a synset, then those of the synsets directly above it."""
        synset = self.synset(name)
        return [synset.definition, *(self.synset(h).definition for h in synset.hypernyms)]

    def hypernym_distances(self, name: str) -> dict[str, int]:
        """Return the smallest number of edges from a synset to itself (0) and to each ancestor."""
        distances: dict[str, int] = {}
        queue = deque([(name, 0)])
        while queue:
            synset, distance = queue.popleft()
            if synset not in distances:
                distances[synset] = distance
                queue.extend((above, distance + 1) for above in self.synset(synset).hypernyms)
        return distances

    def _by_id(self, pos: str, offset: int) -> str | None:
        entry = self._reader.entry_of_id(pos, offset)
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
        """Store a synset as plain data, so that NLTK's objects go no further."""
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


def open_wordnet() -> WordNet:
    """Open the WordNet that comes with this package (see `nltk_wordnet`)."""
    from graphs.nltk_wordnet import EnglishReader

    return WordNet(EnglishReader())


def wordnet_rows(synsets: Sequence[str | None], wordnet: WordNet) -> Blocks:
    """Yield S_w (C, C) by blocks of rows, exactly NLTK's ``path_similarity`` of every two synsets.

    A class without a synset (None) is related only to itself. Source: SINet Eq. 3.
    """
    maps = {name: _rooted(wordnet.hypernym_distances(name)) for name in synsets if name}
    return path_similarity_rows([maps[name] if name else None for name in synsets])


def _rooted(distances: dict[str, int]) -> dict[str, int]:
    """Add the root that NLTK simulates, one edge above the farthest ancestor.

    It connects the separate taxonomies of verbs, and nouns with verbs. NLTK leaves it out between
    two nouns, where it would change nothing: all nouns meet at entity.n.01, which is nearer.
    """
    return {**distances, _SIMULATED_ROOT: max(distances.values()) + 1}


def _spellings(text: str) -> Iterator[str]:
    """Yield the spellings that WordNet may use for a word: sea_lion, sea-lion, sealion."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    for form in dict.fromkeys((text, apart)):
        parts = re.split(r"[\s_-]+", form.lower())
        yield "_".join(form.lower().split())
        yield from (joint.join(parts) for joint in ("_", "-", ""))
