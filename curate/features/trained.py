"""Features of a network that is trained on the crawl: its pictures, its training, its features."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from rich.console import Console

from curate.crawl.given import Given
from curate.crawl.picture_states import picture_states
from curate.crawl.pictures import Mask, picture_sources, tell_deaths
from curate.features.find import BESIDE_PICTURES, pictures_facts, rows_again
from curate.images.decode import shorter_side
from curate.images.preprocess import Preprocess
from curate.images.workers import DecodePool
from curate.manifest.manifest import Manifest
from curate.manifest.plan import Shard
from curate.options.weight import WeightOptions
from curate.store.code import code_of
from curate.store.fingerprint import fingerprint, sha256_of
from curate.store.folders import Folders
from curate.store.run import Run
from curate.terminal.progress import progress_bar
from curate.training.device import Computer, computer
from curate.training.models import Model, open_model_of
from curate.training.pictures import StoredPictures, store_pictures
from curate.training.plan import picture_side, plan_training
from curate.training.spec import NetworkSpec
from curate.training.train import Judge, train, write_features

NETWORK = (train.__module__, open_model_of.__module__, plan_training.__module__)
BESIDE_NETWORK = ("curate.images", "curate.manifest")
"""Training begins with stored pictures, and their content is in the network's name."""
MEASURED_SHARDS, MEASURED_ROWS = 8, 64
"""The first rows of so many shards are measured."""


@dataclass(frozen=True)
class SelfFeatures:
    """The network, and the crawl and the run that it is trained in."""

    spec: NetworkSpec
    options: WeightOptions
    manifest: Manifest
    shards: Sequence[Shard]
    given: Given
    run: Run
    console: Console

    @cached_property
    def _model(self) -> Model:
        return open_model_of(self.spec)

    @cached_property
    def _computer(self) -> Computer:
        return computer(self.options.device)

    def store_pictures(self) -> Folders:
        """Decode all pictures to the network's size, those that are not there yet."""
        preprocess = self._preprocess()
        facts = pictures_facts(self.manifest)
        code = code_of(store_pictures.__module__, without=BESIDE_PICTURES)
        store = self.run.step(
            "pictures", fingerprint(code=code, preprocess=asdict(preprocess), **facts)
        )
        wanted = [(s, np.ones(s.rows, bool)) for s in self.shards if s.name not in store]
        files = picture_states(self.manifest, self.shards)
        wanted += rows_again(self.shards, store, files, self.options.retry_failed, self.console)
        rows = sum(int(mask.sum()) for _, mask in wanted)
        if wanted:
            with (
                DecodePool(preprocess, self.options.decoders) as pool,
                progress_bar(self.console, "Decoding", rows) as advance,
            ):
                store_pictures(self.manifest, wanted, store, preprocess.size, pool, advance, files)
            tell_deaths(pool, self.console)
        return store

    def train(self, pictures: Folders, others: tuple[Folders, ...]) -> Folders:
        """Train the network on stored pictures, unless it is trained, and store its features."""
        model, here = self._model, self._computer
        stored = StoredPictures(self.shards, pictures)
        judge = Judge(self.shards, self.given.labels, len(self.given.classes.names), others)
        labelled = int((stored.labels(self.given.labels) >= 0).sum())
        plan = plan_training(
            stored.side, labelled, here.device.type, model.largest_batch, bool(others)
        )
        name = fingerprint(
            code=code_of(*NETWORK, without=BESIDE_NETWORK),
            plan=asdict(plan),
            precision=str(here.half),
            init=_identity(self.spec),
            network=(self.spec.library, self.spec.name),
            contents=[
                [store.receipt(shard.name)["sha256"] for shard in self.shards]
                for store in (pictures, self.given.labels, *others)
            ],
        )
        store = self.run.step("features", fingerprint(network=name))
        missing = [shard for shard in self.shards if shard.name not in store]
        if missing:
            kept = self.run.step("network", name)
            with progress_bar(self.console, "Training", plan.length(labelled)) as advance:
                network = train(model, plan, stored, judge, here, kept, advance)
            rows = sum(shard.rows for shard in missing)
            with progress_bar(self.console, "Encoding", rows) as advance:
                write_features(network, stored, missing, store, here, advance)
        return store

    def _preprocess(self) -> Preprocess:
        """Tell how pictures are decoded; for the small network by what they are like."""
        if self._model.preprocess is not None:
            return self._model.preprocess
        device = self._computer.device.type
        return Preprocess(picture_side(self._native_side(), self.manifest.rows, device))

    def _native_side(self) -> int:
        """Find the median shorter side of some pictures; a crawl is measured once."""
        plan = [shard.name for shard in self.shards]
        store = self.run.step("sides")
        code = code_of(shorter_side.__module__)
        name = fingerprint(code=code, plan=plan, **pictures_facts(self.manifest))
        if name not in store:
            some = self.shards[:: max(len(self.shards) // MEASURED_SHARDS, 1)]
            wanted = [(shard, _first_rows(shard)) for shard in some]
            with DecodePool(Preprocess(1), self.options.decoders, decoder=shorter_side) as pool:
                sides = [
                    side
                    for measured in pool.decode(picture_sources(self.manifest, wanted))
                    for side in measured.pictures[:, 0, 0, 0]
                ]
            store.write(name, {"side": {"median": int(np.median(sides)) if sides else 0}})
        return int(store.settings(name, "side")["median"])  # type: ignore[call-overload, no-any-return]


def _first_rows(shard: Shard) -> Mask:
    return np.arange(shard.rows) < MEASURED_ROWS


def _identity(spec: NetworkSpec) -> str:
    """Tell one set of first weights from another."""
    path = Path(spec.init).expanduser()
    return sha256_of(path) if spec.init and path.is_file() else spec.init
