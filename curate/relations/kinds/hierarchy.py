"""Classes related by a hierarchy that the user gives as a file of edges."""

from collections.abc import Iterator
from pathlib import Path

from curate.relations.graph_files import read_edges
from curate.relations.relation import Matrix, Relation, Sources, from_file
from curate.store.fingerprint import file_content


def relation(file: str, sources: Sources) -> Relation:
    """Relate the classes that the file names."""

    def make() -> Iterator[Matrix]:
        from graphs.hierarchy import hierarchy_graph

        edges = read_edges(Path(file))
        return from_file(f"hierarchy:{file}", lambda: hierarchy_graph(sources.classes, edges))

    return Relation(file_content(Path(file)), make)
