from pathlib import Path

import pytest

from curate.errors import CurateError
from curate.options.graph import Part, parse_graph


def test_a_sum_is_read_part_by_part(tmp_path: Path) -> None:
    edges, matrix = tmp_path / "edges.csv", tmp_path / "s.npz"
    edges.touch()
    matrix.touch()
    assert parse_graph(f"wordnet+text:name+text+captions+hierarchy:{edges}+matrix:{matrix}") == (
        Part("wordnet"), Part("text", "name"), Part("text"), Part("captions"),
        Part("hierarchy", str(edges)), Part("matrix", str(matrix)),
    )  # fmt: skip
    assert parse_graph("none") == ()
    assert [str(part) for part in parse_graph("wordnet+text:name")] == ["wordnet", "text:name"]


def test_a_files_name_may_have_a_plus_and_a_colon(tmp_path: Path) -> None:
    edges = tmp_path / "c++:a+b.csv"
    edges.touch()
    spec = f"hierarchy:{edges}+wordnet"
    assert parse_graph(spec) == (Part("hierarchy", str(edges)), Part("wordnet"))


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("mesh", "--graph mesh is not known"),
        ("wordnet+mesh", "--graph mesh is not known"),
        ("mesh+wordnet", "--graph mesh is not known"),
        ("wordnet+none", "--graph none is not known"),
        ("", "is not known; choose none, or one or a sum"),
        ("wordnet+", "is not known"),
        ("text:glosses", "--graph text:glosses is not known; choose none, or one or a sum"),
        ("text:", "--graph text: is not known"),
        ("wordnet:3", "--graph wordnet:3 is not known"),
        ("text+wordnet+text", "names text twice"),
        ("hierarchy", "hierarchy: no file; write hierarchy:edges.csv"),
        ("matrix:gone.npz", "there is no file gone.npz; write matrix:file.npz"),
    ],
)
def test_what_is_no_sum_of_graphs_is_told_with_what_is(spec: str, said: str) -> None:
    with pytest.raises(CurateError) as caught:
        parse_graph(spec)
    assert said in str(caught.value)
