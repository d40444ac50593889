"""The rows that speak for a picture with copies, and what they agree on."""

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from curate.heads import pictures as module
from curate.heads.pictures import Pictures, agreed


def among(representative: list[int], labels: list[int]) -> Pictures | None:
    work: Any = SimpleNamespace(labels_of=lambda rows: np.array(labels)[rows][:, None])
    return Pictures.among(np.array(representative), work)


def test_the_first_row_of_each_label_speaks_and_rows_without_one_only_where_none_has() -> None:
    found = among([0, 1, 0, 0, 4, 4, 1, 0, 8], [3, -1, 2, 3, -1, -1, 5, -1, 7])
    assert found is not None
    assert found.of.tolist() == [0, 1, 0, 0, 2, 2, 1, 0, -1]
    speakers = [found.speakers[a:b].tolist() for a, b in pairwise(found.start)]
    assert [sorted(rows) for rows in speakers] == [[0, 2], [6], [4]]
    assert found.sole.tolist() == [-1, 5, -1]


def test_without_copies_there_are_none() -> None:
    assert among([0, 1, 2], [0, 0, 0]) is None
    assert Pictures.among(None, SimpleNamespace()) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("most", [1, 2, 3, 100])
def test_pieces_hold_all_speakers_of_the_pictures_that_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(module, "BLOCK_ROWS", most)
    found = among([0, 0, 2, 2, 2, 5, 5, 7, 7], [1, 2, 1, 2, 3, 4, 4, 6, 7])
    assert found is not None
    pieces = list(found.pieces(np.array([0, 1, 3])))
    each = [rows.tolist() for piece, begin in pieces for rows in np.split(piece, begin[1:])]
    assert each == [[0, 1], [2, 3, 4], [7, 8]]


def test_one_speaker_is_believed_and_of_several_each_has_the_same_share() -> None:
    p = np.array([[0.2, 0.8, 0], [0.9, 0.1, 0], [0.4, 0.4, 0.2], [0, 0, 0]], np.float32)
    found = agreed(p, np.array([0, 1, 3]))
    np.testing.assert_allclose(found[0], p[0], atol=1e-6)
    both = np.sqrt(np.maximum(p[1], 1e-7) * p[2])
    np.testing.assert_allclose(found[1], both / both.sum(), rtol=1e-5)
    assert (found[2] == 0).all()


def test_what_knows_nothing_has_no_say() -> None:
    p = np.array([[0, 0], [0.3, 0.1]], np.float32)
    np.testing.assert_allclose(agreed(p, np.array([0])), [[0.75, 0.25]], rtol=1e-5)
