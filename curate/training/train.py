"""Train a network on stored pictures and encode them with it; all of it is kept by name."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from curate.crawl.stored_blocks import StoredBlocks
from curate.crawl.stored_features import StoredFeatures, made_features, unit_halves
from curate.errors import CurateError
from curate.images.status import Status
from curate.manifest.plan import Shard
from curate.store.folders import Folders
from curate.store.run import Advance
from curate.store.step import KeptShards, Made, Step, Task, found_or_made
from curate.training.checkpoint import Checkpoints, load_tensors, tensors
from curate.training.device import Computer
from curate.training.loop import Training, TrainingSet, split_rows
from curate.training.models import Model
from curate.training.network import Network
from curate.training.pictures import StoredPictures
from curate.training.plan import Plan
from curate.training.targets import Targets, given_targets, refreshed_targets

NETWORK = "network"
BESIDE_NETWORK = ("curate.images", "curate.manifest")
"""Training reads stored pictures only, and their content is part of the network's name."""
SAMPLE = 2_000
"""Pictures of the crawl that the small network's first layer is fitted to."""
TRAINED = Step(
    "features", code=(__name__, "curate.training.models"), beside=BESIDE_NETWORK, title="Encoding"
)


@dataclass(frozen=True)
class Judge:
    """Judges labels by the network's current features together with those of other encoders."""

    shards: Sequence[Shard]
    labels: Folders
    classes: int
    others: tuple[Folders, ...]
    copies_vote: bool = False
    """Every row is trained on; else one of the copies that share a label."""

    def trained_on(self, pictures: StoredPictures) -> NDArray[np.int32]:
        """Give the labels (N,) of the rows that are trained on, -1 of all others."""
        return (pictures.labels if self.copies_vote else pictures.votes)(self.labels)

    def targets(self, *features: Folders) -> Targets:
        """Give the targets by these features and the others'."""
        stored = StoredFeatures((*features, *self.others))
        blocks = StoredBlocks(self.shards, stored, self.labels, lambda _: None)
        return refreshed_targets(blocks, self.classes)


def train(
    model: Model,
    plan: Plan,
    pictures: StoredPictures,
    judge: Judge,
    computer: Computer,
    store: Folders,
    advance: Advance,
) -> Network:
    """Train the network, go on with its training, or load it if it is finished.

    ``advance`` is told how many pictures were trained on, `Plan.length` in all.
    """
    labels = judge.trained_on(pictures)
    crawl = TrainingSet(pictures, labels, *split_rows(labels, plan.held_out))
    sample = crawl.train[:: max(len(crawl.train) // SAMPLE, 1)][:SAMPLE]
    network = model.build(pictures.take(sample), judge.classes)
    if NETWORK not in store:
        training = Training(network, model.recipe(plan.batch_size), plan, crawl, computer)
        refreshed = _Refreshed(plan, pictures, judge, computer, store, labels)
        try:
            best = training.run(lambda parts: Checkpoints(store, parts), refreshed, advance)
        except torch.OutOfMemoryError as error:
            raise CurateError(
                f"the memory of the GPU is too small to train this network on batches of"
                f" {plan.batch_size} pictures of {pictures.side} x {pictures.side} pixels; free"
                " some, choose a smaller network, or use --device cpu."
            ) from error
        store.write(NETWORK, {"network.pt": tensors(best.cpu().state_dict())})
        store.remove_others(NETWORK)
    network.load_state_dict(load_tensors(store, NETWORK, "network"))
    return network.onto(computer.device).eval()


@dataclass(frozen=True)
class _Refreshed:
    """The targets by epoch; each refresh is made once and kept."""

    plan: Plan
    pictures: StoredPictures
    judge: Judge
    computer: Computer
    store: Folders
    labels: NDArray[np.int32]

    def __call__(self, epoch: int, network: Network) -> Targets:
        """Give the targets of this epoch; ``network`` is the current average."""
        past = [refresh for refresh in self.plan.refreshes if refresh <= epoch]
        if not past:
            return given_targets(self.labels)
        kept = found_or_made(
            self.store,
            f"targets-{past[-1]}",
            lambda: Made(vars(self._refresh(past[-1], network))),
        )
        return Targets(**{key: kept.array(key) for key in Targets.__annotations__})

    def _refresh(self, epoch: int, network: Network) -> Targets:
        if epoch == 0:
            return self.judge.targets()
        features = Folders(self.store.root / "features")
        encode = partial(encode_pictures, network, self.pictures, self.computer)
        KeptShards(TRAINED, features).replace(partial(encode, self.judge.shards))
        targets = self.judge.targets(features)
        features.remove_all()
        return targets


def encode_pictures(
    network: Network,
    pictures: StoredPictures,
    computer: Computer,
    shards: Sequence[Shard],
    advance: Advance,
) -> Iterator[tuple[Shard, Task]]:
    """Yield the features of the shards: each picture's plus its mirror image's, at unit length."""
    for shard in shards:
        blocks = []
        for block in pictures.blocks(shard):
            blocks.append(unit_halves(_features(network, block, computer)))
            advance(len(block))
        features, finite = (np.concatenate(part) for part in zip(*blocks, strict=True))
        statuses = pictures.statuses(shard)
        statuses[(statuses == Status.OK) & ~finite] = Status.NOT_FINITE
        features[statuses != Status.OK] = 0
        yield shard, partial(made_features, features, statuses, pictures.hashes(shard))


@torch.inference_mode()
def _features(
    network: Network, pictures: NDArray[np.uint8], computer: Computer
) -> NDArray[np.float32]:
    pixels = torch.from_numpy(np.array(pictures)).to(computer.device)
    with computer.autocast():
        seen = network.features(pixels) + network.features(pixels.flip(2))
    features: NDArray[np.float32] = seen.float().cpu().numpy()
    return features
