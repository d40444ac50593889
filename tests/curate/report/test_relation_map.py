import base64
import io

import numpy as np
from PIL import Image

from curate.report import relation_map
from curate.report.names import Names
from curate.report.relation_map import show_relations


def test_the_map_and_the_nearest_are_those_of_the_matrix(monkeypatch) -> None:
    rng, count = np.random.default_rng(0), 12
    S = rng.random((count, count)).astype(np.float32)
    S = (S + S.T) / 2
    S[3] = S[:, 3] = np.nan
    labels = tuple(f"c{at}" for at in range(count))
    listed = [f"c{at}" for at in rng.permutation(count)]
    monkeypatch.setattr(relation_map, "MOST_DRAWN", 9)
    found = show_relations(S, labels, Names(listed, {}))
    for at, label in enumerate(labels):
        others = sorted((-S[at, o], o) for o in range(count) if o != at and not np.isnan(S[at, o]))
        assert [other for other, _ in found.near[label]] == [f"c{o}" for _, o in others[:5]]
    assert sorted(found.shown) == list(range(9))
    places = [labels.index(listed[at]) for at in found.shown]
    part = S[np.ix_(places, places)]
    off = part[~np.eye(9, dtype=bool)]
    assert (found.low, found.high) == (np.nanmin(off), np.nanmax(off))
    png = base64.b64decode(found.image.removeprefix("data:image/png;base64,"))
    alpha = np.asarray(Image.open(io.BytesIO(png)))[..., 3].astype(float)
    assert ((alpha == 0) == np.isnan(part)).all()
    read = found.low + (found.high - found.low) * (alpha - 1) / 254
    near = ~np.eye(9, dtype=bool) & ~np.isnan(part)
    np.testing.assert_allclose(read[near], part[near], atol=0.003)
