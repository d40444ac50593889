"""Classes related by a matrix that the user gives as a file."""

from collections.abc import Iterator

from curate.relations.graph_files import read_matrix
from curate.relations.relation import Matrix, Relation, Sources, from_file
from curate.store.fingerprint import file_content
from curate.store.named import named_file


def relation(file: str, sources: Sources) -> Relation:
    """Relate the classes that the file names."""

    def make() -> Iterator[Matrix]:
        from graphs.matrix import matrix_graph

        S, names = read_matrix(named_file(file))
        return from_file(f"matrix:{file}", lambda: matrix_graph(sources.classes, S, names))

    return Relation(file_content(named_file(file)), make)
