"""The texts about a class: its name, and descriptions of what it is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphs.wordnet import WordNet

_SYNSET = re.compile(r"[nvars]\d{8}|.+\.[nvars]\.0*[1-9]\d*", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class ClassTexts:
    """The texts of one class; None where there is none."""

    name: str | None
    """CN of SINet: its name."""
    description: str | None
    """CD of SINet: the user's description, or its gloss and those of the synsets directly above."""
    others: tuple[str, ...] = ()
    """Its gloss and its parents' glosses."""
    own: str | None = None
    """The user's description, or its gloss alone."""

    @property
    def all(self) -> tuple[str, ...]:
        """Every text, each once."""
        texts = (self.name, self.description, *self.others)
        return tuple(dict.fromkeys(text for text in texts if text))

    def text(self, which: str) -> str | None:
        """Return the name, the description, or ('') the description if any, else the name.

        'gloss' is "name: gloss", what SINet reads; one of the two where the other is unknown. It is
        not what 'description' gives because that relates classes better: on tinyweb .422 of the
        five nearest classes by text are among the five nearest by looks, .382 with 'gloss' (.298 by
        the LSTM on descriptions).
        """
        if which == "name":
            return self.name
        if which == "gloss":
            return ": ".join(text for text in (self.name, self.own) if text) or None
        return self.description or (None if which == "description" else self.name)


def is_synset(label: str) -> bool:
    """Tell whether a label is a WordNet id or a synset name: n02123045, tabby.n.01."""
    return _SYNSET.fullmatch(label.strip()) is not None


def class_name(label: str, lemmas: Sequence[str] = ()) -> str | None:
    """Return a label as words, or the ``lemmas`` of its synset if the label is an id or a number.

    SeaLion and sea_lion become "sea lion"; n02123045 becomes "tabby, tabby cat", as in ImageNet.
    Returns None if that leaves no words.
    """
    if is_synset(label) or not _LETTER.search(label):
        return ", ".join(lemma.replace("_", " ") for lemma in lemmas) or None
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label)
    return " ".join(re.split(r"[\s_]+", apart.strip(" _")))


def class_texts(
    name: str | None,
    description: str | None = None,
    synset: str | None = None,
    wordnet: "WordNet | None" = None,
) -> ClassTexts:
    """Return the texts of a class from its name, the user's description and its synset."""
    glosses = [] if synset is None or wordnet is None else wordnet.glosses(synset)
    own = description or next(iter(glosses), None)
    return ClassTexts(name, description or "; ".join(glosses) or None, tuple(glosses), own)
