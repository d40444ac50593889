"""Which sense of its name a class has: 'crane' beside 'jay' is the bird, not the machine."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from graphs.gloss_fit import sense_scores

if TYPE_CHECKING:
    from graphs.wordnet import Candidates, Synset, WordNet

GLOSS_DEPTH = 3
"""Glosses of ancestors up to this distance describe a sense too; those above are too general."""
INSTANCE, PERSON, UNSEEN = 0.1, 0.2, 0.1
"""How much rarer a class is one person or place, a kind of person, or nothing visible."""
_THINGS = re.compile(
    r"noun\.(Tops|animal|artifact|body|food|object|phenomenon|plant|shape|substance)"
)
_EMPTY_WORDS = re.compile(
    r"\b(about|after|all|along|also|among|and|another|any|are|because|been|before|being|between"
    r"|both|but|can|characterized|containing|deal|especially|etc|extremely|for|forming|found|from"
    r"|generally|has|have|having|high|into|its|kind|large|like|made|many|more|most|native|not|often"
    r"|one|other|over|people|relating|resembling|several|similar|small|some|such|than|that|the"
    r"|their|them|there|these|they|this|those|through|two|type|under|upon|use|used|using|usually"
    r"|various|very|was|were|when|where|which|who|whose|with|within|without|you|your)\b"
)


@dataclass(frozen=True)
class ClassSense:
    """The synset of one class, and how it was found, for the run's class table."""

    label: str
    synset: str | None
    """Its name (``crane.n.05``); None if the class is not in WordNet."""
    definition: str
    how: str
    """One of: given id, given name, only sense, chosen of 5, overridden, not found."""
    runner_up: str | None = None
    """The second-best synset, if one was chosen among several."""


def choose_senses(
    labels: Sequence[str | int],
    wordnet: "WordNet",
    overrides: Mapping[str, str] | None = None,
) -> list[ClassSense]:
    """Choose one sense for every label, in order; the same labels give the same senses.

    A word with several senses gets the sense with the highest score: how frequent the sense is, how
    likely such a thing is a class of pictures, and how well it fits the senses of the other classes
    (``sense_scores``). ``overrides`` maps labels to ids or names of synsets; other labels in it are
    ignored. Raises ValueError if WordNet has no such synset.
    """
    names = [str(label) for label in labels]
    fixed = _override(names, wordnet, overrides or {})
    candidates = [wordnet.by_label(name) for name in names]
    options = [
        (fixed[name],) if name in fixed else candidate.synsets
        for name, candidate in zip(names, candidates, strict=True)
    ]
    ranked = _rank(options, candidates, wordnet)
    return [
        _class_sense(name, "overridden" if name in fixed else _how(candidate), best, wordnet)
        for name, candidate, best in zip(names, candidates, ranked, strict=True)
    ]


def _override(
    names: Sequence[str], wordnet: "WordNet", overrides: Mapping[str, str]
) -> dict[str, str]:
    fixed = {}
    for name in names:
        if name in overrides:
            synset = wordnet.find(overrides[name].strip())
            if synset is None:
                raise ValueError(
                    f"Class {name!r} is set to the synset {overrides[name]!r}, which WordNet does "
                    "not have; write a name such as tabby.n.01 or an id such as n02123045."
                )
            fixed[name] = synset
    return fixed


def _rank(
    options: Sequence[tuple[str, ...]], candidates: Sequence["Candidates"], wordnet: "WordNet"
) -> list[list[str]]:
    """Return the senses of each class, best first.

    Classes with the same candidate senses count as one, so that two spellings of a word are not
    evidence for each other.
    """
    if all(len(senses) <= 1 for senses in options):
        return [list(senses) for senses in options]
    words = {senses: c for senses, c in zip(options, candidates, strict=True) if senses}
    owner = np.repeat(np.arange(len(words)), [len(senses) for senses in words])
    prior = np.concatenate([_prior(senses, words[senses], wordnet) for senses in words])
    features = [_features(sense, wordnet) for senses in words for sense in senses]
    scores = np.split(sense_scores(features, owner, prior), np.flatnonzero(np.diff(owner)) + 1)
    order = {
        senses: [senses[i] for i in np.argsort(-score, kind="stable")]
        for senses, score in zip(words, scores, strict=True)
    }
    return [order.get(senses, []) for senses in options]


def _prior(
    senses: tuple[str, ...], candidates: "Candidates", wordnet: "WordNet"
) -> NDArray[np.float64]:
    """Return prior probabilities (n,): sqrt((count + 1) / rank), times how picturable each is.

    The square root flattens the counts, which come from novels and news, not from image searches.
    """
    if len(senses) == 1:
        return np.ones(1)
    frequency = (np.array(candidates.counts) + 1.0) / np.arange(1, len(senses) + 1)
    prior = np.sqrt(frequency) * [_picturable(wordnet.synset(sense)) for sense in senses]
    return np.asarray(prior / prior.sum())


def _picturable(synset: "Synset") -> float:
    kind = 1.0 if _THINGS.fullmatch(synset.lexname) else UNSEEN
    kind = PERSON if synset.lexname == "noun.person" else kind
    return kind * (INSTANCE if synset.is_instance else 1.0)


def _features(sense: str, wordnet: "WordNet") -> list[str]:
    """Return the names of all ancestors, and the words in glosses and names of the nearest."""
    features: dict[str, None] = {}
    for ancestor, distance in wordnet.hypernym_distances(sense).items():
        features[ancestor] = None
        if distance <= GLOSS_DEPTH:
            features |= dict.fromkeys(_words(wordnet.synset(ancestor)))
    return list(features)


def _words(synset: "Synset") -> list[str]:
    """Return the content words of a synset's gloss and names, without a plural s."""
    text = " ".join([synset.definition, *synset.lemmas]).lower().replace("_", " ")
    words = re.findall(r"[a-z]{3,}", _EMPTY_WORDS.sub(" ", text))
    return [re.sub(r"(?<!s)s$", "", word) for word in words]


def _how(candidates: "Candidates") -> str:
    if not candidates.synsets:
        return "not found"
    if candidates.given != "word":
        return f"given {candidates.given}"
    n = len(candidates.synsets)
    return "only sense" if n == 1 else f"chosen of {n}"


def _class_sense(label: str, how: str, best: Sequence[str], wordnet: "WordNet") -> ClassSense:
    if not best:
        return ClassSense(label, None, "", how)
    runner_up = best[1] if len(best) > 1 else None
    return ClassSense(label, best[0], wordnet.synset(best[0]).definition, how, runner_up)
