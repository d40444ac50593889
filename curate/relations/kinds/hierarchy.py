"""Classes related by a hierarchy that the user gives as a file of edges."""

from collections.abc import Iterator

from curate.relations.graph_files import read_edges
from curate.relations.relation import Matrix, Relation, Sources, from_file
from curate.store.fingerprint import file_content
from curate.store.named import named_file


def relation(file: str, sources: Sources) -> Relation:
    """Relate the classes that the file names."""

    def make() -> Iterator[Matrix]:
        from graphs.hierarchy import hierarchy_graph

        edges = read_edges(named_file(file))
        return from_file(f"hierarchy:{file}", lambda: hierarchy_graph(sources.classes, edges))

    return Relation(file_content(named_file(file)), make)
