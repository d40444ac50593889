"""Every chosen row is in one piece, and is found there whatever other pieces are asked for."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.exports.pieces import Piece, Pieces, cut

PARTS = ("train", "validation")


def table(seed: int, split: bool) -> pl.DataFrame:
    """Choose some of 60 rows; one in five has no picture."""
    rng = np.random.default_rng(seed)
    rows = np.flatnonzero(rng.random(60) < 0.7)
    status = np.where(rng.random(len(rows)) < 0.2, "missing", "ok")
    columns = {"row": pl.Series(rows, dtype=pl.UInt32), "status": status}
    if split:
        columns["split"] = rng.choice(PARTS, len(rows), p=[0.8, 0.2])
    return pl.DataFrame(columns)


def by_hand(rows: pl.DataFrame, size: int) -> dict[tuple[str, int], list[int]]:
    """Deal the rows of each part out to pieces one by one."""
    pictures: dict[str, int] = {}
    pieces: dict[tuple[str, int], list[int]] = {}
    for row in rows.iter_rows(named=True):
        part = row.get("split", "train")
        pictures[part] = pictures.get(part, 0) + (row["status"] == "ok")
        pieces.setdefault((part, max(pictures[part] - 1, 0) // size), []).append(row["row"])
    return pieces


@given(st.integers(0, 10_000), st.booleans(), st.integers(1, 20))
def test_pieces_hold_each_row_once(
    tmp_path_factory: pytest.TempPathFactory, seed: int, split: bool, size: int
) -> None:
    path, rows = tmp_path_factory.mktemp("cut") / "chosen.parquet", table(seed, split)
    rows.write_parquet(path)
    pieces, expected = cut(path, PARTS, size), by_hand(rows, size)
    assert {(piece.part, piece.number) for piece in pieces} == expected.keys()
    for piece in pieces:
        held = expected[piece.part, piece.number]
        assert (piece.first_row, piece.stop, piece.chosen) == (held[0], held[-1] + 1, len(held))
    some = pieces[:: 1 + seed % 3]
    placed = Pieces(some).placed(rows)
    for at, piece in enumerate(some):
        found = placed.filter(pl.col("piece") == at)["row"].to_list()
        assert found == expected[piece.part, piece.number]
    assert len(placed) == sum(piece.chosen for piece in some)
    assert placed.columns == [*rows.columns, "piece"]


def test_rows_before_the_first_picture_are_in_the_first_piece(tmp_path: Path) -> None:
    rows = pl.DataFrame({"row": [3, 5], "status": ["missing", "ok"]})
    rows.write_parquet(tmp_path / "chosen.parquet")
    assert cut(tmp_path / "chosen.parquet", ["train"], 1) == [Piece("train", 0, 3, 3, 2)]
