"""Classes related by the texts about them: their names, descriptions or both."""

from collections.abc import Iterator

from curate.relations.relation import Matrix, Relation, Sources


def relation(which: str, sources: Sources) -> Relation:
    """Relate the classes by the cosines of their texts' embeddings."""

    def make() -> Iterator[Matrix]:
        from graphs.text import cosine_rows

        return cosine_rows(sources.text.embed_classes(which))

    return Relation(sources.text.made_from, make)
