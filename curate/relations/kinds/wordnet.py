"""Classes related by the paths between their synsets in WordNet."""

from collections.abc import Iterator

import numpy as np

from curate.relations.relation import Matrix, Relation, Sources


def relation(_: str, sources: Sources) -> Relation:
    """Relate the classes that have a synset."""

    def make() -> Iterator[Matrix]:
        from graphs.wordnet import wordnet_rows

        unknown = np.array([synset is None for synset in sources.synsets])
        first = 0
        for S in wordnet_rows(sources.synsets, sources.wordnet()):
            S[unknown[first : first + len(S)]] = S[:, unknown] = np.nan
            first += len(S)
            yield S

    return Relation({"synsets": sources.synsets}, make)
