"""The network that a spec names, its picture size and how it is optimised."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from curate.encoders.openclip import new_model, open_model, published_tags
from curate.encoders.timm_model import open_timm
from curate.encoders.weights import load_trunk
from curate.images.preprocess import Preprocess
from curate.store.named import named_file
from curate.training.loop import SEED, Recipe
from curate.training.network import Network, small_network
from curate.training.spec import NetworkSpec

SMALL_BATCH, LARGE_BATCH = 256, 128
"""Largest batches of the small network and of all others."""
SMALL = Recipe("sgd", 0.28, 5e-4)
"""At batches of ``SMALL_BATCH``."""
NEW = Recipe("adamw", 1e-3, 5e-2)
FINE = Recipe("adamw", 1e-4, 5e-2)
"""For training that starts from saved weights: small steps."""


@dataclass(frozen=True)
class Model:
    """A network that is not yet trained on the crawl."""

    preprocess: Preprocess | None
    """How its pictures are prepared; None: any size will do."""
    build: Callable[[NDArray[np.uint8], int], Network]
    """Makes the network from some pictures of the crawl (n, side, side, 3) and C."""
    recipe: Callable[[int], Recipe]
    """Chooses, by the size of batches, how it is optimised."""
    largest_batch: int


def open_model_of(spec: NetworkSpec) -> Model:
    """Open the network that ``spec`` names.

    Raises CurateError for an architecture or published weights that do not exist, a download that
    fails, and a file that is missing, broken or another architecture's.
    """
    if spec.library == "":
        return Model(None, partial(_small, spec), _small_recipe, SMALL_BATCH)
    with _seeded():
        trunk, settings = _open_trunk(spec)
    side = settings["size"]
    side = side if isinstance(side, int) else side[0]
    preprocess = Preprocess(side, settings["interpolation"], "squash")
    mean, std = torch.tensor(settings["mean"]), torch.tensor(settings["std"])

    def build(_: NDArray[np.uint8], classes: int) -> Network:
        with _seeded():
            return Network(trunk, _width(trunk, side), classes, mean, std)

    return Model(preprocess, build, lambda _: FINE if spec.init else NEW, LARGE_BATCH)


def _small_recipe(batch_size: int) -> Recipe:
    rate = SMALL.learning_rate * (batch_size / SMALL_BATCH) ** 0.5
    return Recipe(SMALL.optimizer, rate, SMALL.weight_decay)


def _small(spec: NetworkSpec, pictures: NDArray[np.uint8], classes: int) -> Network:
    with _seeded():
        network = small_network(pictures, classes)
    if spec.init:
        load_trunk(network.trunk, named_file(spec.init), "the small network")
    return network


@contextlib.contextmanager
def _seeded() -> Iterator[None]:
    """Make random numbers the same each time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        yield


class _VisualTower(nn.Module):
    """The image tower of an open_clip model."""

    def __init__(self, visual: nn.Module) -> None:
        super().__init__()
        self.visual = visual

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        features = self.visual(pictures)
        return features[0] if isinstance(features, tuple) else features  # type: ignore[no-any-return]


def _open_trunk(spec: NetworkSpec) -> tuple[nn.Module, dict[str, Any]]:
    if spec.library == "timm":
        return open_timm(spec.name, spec.init, f"self:timm/{spec.name}")
    if not spec.init:
        model = new_model(spec.name)
    elif spec.init in published_tags(spec.name):
        model, _ = open_model(spec.name, spec.init)
    else:
        model, _ = open_model(spec.name, "", named_file(spec.init))
    return _VisualTower(model.visual), model.visual.preprocess_cfg


@torch.inference_mode()
def _width(trunk: nn.Module, side: int) -> int:
    return int(trunk.eval()(torch.zeros(1, 3, side, side)).shape[1])
