from pathlib import Path

import numpy as np
import polars as pl
import pytest

from curate.errors import CurateError
from curate.relations.graph_files import read_edges, read_matrix


def test_edges_are_read_from_csv_and_parquet(tmp_path: Path) -> None:
    table = pl.DataFrame({"parent": ["mug", ""], "child": ["007", "mug"], "note": ["x", "y"]})
    table.write_csv(tmp_path / "e.csv")
    table.write_parquet(tmp_path / "e.parquet")
    assert read_edges(tmp_path / "e.parquet") == [("007", "mug"), ("mug", "")]
    edges = read_edges(tmp_path / "e.csv")
    assert [(child, parent or "") for child, parent in edges] == [("007", "mug"), ("mug", "")]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("e.txt", "child,parent\n", "is not a table"),
        ("e.csv", "child,above\na,b\n", "has columns child, above; it needs child and parent"),
        ("e.csv", "child,parent\na,b\n,b\n", "row 2: there is no child"),
        ("e.parquet", "child,parent\n", "cannot be read"),
        ("e.csv", "", "cannot be read"),
    ],
)
def test_edges_that_cannot_be_read_are_told(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(CurateError, match=said):
        read_edges(tmp_path / name)


def test_a_matrix_comes_with_the_names_of_its_rows(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", S=np.eye(2), names=np.array(["a", "b"]))
    S, names = read_matrix(tmp_path / "m.npz")
    np.testing.assert_array_equal(S, np.eye(2))
    assert names == ["a", "b"]


def test_a_matrix_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    np.savez(path, S=np.eye(2))
    with pytest.raises(CurateError, match="has arrays S; it needs S and names"):
        read_matrix(path)
    np.savez(path, S=np.eye(2), names=np.array(["a", "b"], dtype=object))
    with pytest.raises(CurateError, match=r"cannot be read .*dtype=str"):
        read_matrix(path)
    np.savez(path, S=np.eye(2), names=np.array(3))
    with pytest.raises(CurateError, match="cannot be read"):
        read_matrix(path)
    np.save(tmp_path / "m.npy", np.eye(2))
    (tmp_path / "m.npy").rename(path)
    with pytest.raises(CurateError, match="cannot be read"):
        read_matrix(path)
    path.write_text("no archive")
    with pytest.raises(CurateError, match="cannot be read"):
        read_matrix(path)
