"""Classes related by the mean embedding of their images' captions."""

from collections.abc import Iterator

from curate.relations.caption_means import caption_facts, mean_captions
from curate.relations.relation import Matrix, Relation, Sources


def relation(_: str, sources: Sources) -> Relation:
    """Relate the classes by the cosines of their captions' means."""

    def make() -> Iterator[Matrix]:
        from graphs.text import cosine_rows

        return cosine_rows(
            mean_captions(
                sources.manifest, sources.classes, sources.text, sources.captions, sources.console
            )
        )

    rounded = {} if sources.captions is None else {"rounded": True}
    return Relation(caption_facts(sources.manifest) | sources.text.model_facts | rounded, make)
