"""What a trained network leaves behind."""

from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from curate.crawl.stored_features import StoredFeatures
from curate.images.picture_hash import no_hashes
from curate.images.status import Status
from curate.manifest.plan import Shard
from curate.store.folders import Folders
from curate.store.step import KeptShards
from curate.training.device import computer
from curate.training.train import TRAINED, encode_pictures


def diverged(pixels: torch.Tensor) -> torch.Tensor:
    """Features that are a picture's first pixel, but of black none and of white endless."""
    first = pixels[:, 0, 0].float()
    return torch.where(first == 0, torch.nan, torch.where(first == 255, torch.inf, first))


def test_features_that_are_not_finite_are_none(tmp_path: Path) -> None:
    pixels = np.repeat(np.array([3, 0, 7, 255, 9], np.uint8), 12).reshape(5, 2, 2, 3)
    statuses = np.array([Status.OK, Status.OK, Status.OK, Status.OK, Status.MISSING], object)
    pictures: Any = SimpleNamespace(
        blocks=lambda _: [pixels[:3], pixels[3:]],
        statuses=lambda _: statuses,
        hashes=lambda _: no_hashes(5),
    )
    network: Any = SimpleNamespace(features=diverged)
    store = Folders(tmp_path)
    shards = [Shard("s", 0, 0, 5, 0)]
    KeptShards(TRAINED, store).stream(
        shards, partial(encode_pictures, network, pictures, computer("cpu"))
    )
    features = StoredFeatures((store,))
    assert features.statuses("s").to_list() == ["ok", "not_finite", "ok", "not_finite", "missing"]
    (block,) = features.blocks("s")
    unit = np.full(3, 1 / np.sqrt(3))
    assert np.allclose(block, [unit, unit * 0, unit, unit * 0, unit * 0], atol=1e-3)
