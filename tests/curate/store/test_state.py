from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.store.run import Run
from curate.store.step import Advance, Made, Step, state_made


@dataclass(frozen=True)
class Inner:
    rows: NDArray[np.float32]
    tau: float


@dataclass(frozen=True)
class Outer:
    v: NDArray[np.float64]
    inner: Inner
    count: int


def test_a_state_is_made_once_and_comes_back_bit_for_bit(tmp_path: Path) -> None:
    made = []

    def make() -> Outer:
        rows = np.random.default_rng(0).random((3, 2)).astype(np.float32)
        return Outer(rows.astype(np.float64) / 3, Inner(rows, float(np.float32(0.1))), 7)

    def kept(_: Advance) -> Made:
        made.append(1)
        return state_made(make())

    step = Step("states", code=())
    first, again = (step.once(Run(tmp_path), {}, kept).state(Outer) for _ in range(2))
    assert len(made) == 1
    for state in (first, again):
        np.testing.assert_array_equal(state.v, make().v)
        np.testing.assert_array_equal(state.inner.rows, make().inner.rows)
        assert (state.inner.tau, state.count) == (make().inner.tau, 7)
