"""Features of a network that is trained on the crawl: its pictures, its training, its features."""

from dataclasses import asdict, dataclass
from functools import cached_property, partial

import numpy as np
from rich.console import Console

from curate.crawl.crawl import Crawl
from curate.crawl.picture_states import picture_states
from curate.crawl.pictures import tell_deaths
from curate.features.from_pictures import BESIDE_PICTURES, pictures_facts, rows_again
from curate.features.native_side import native_side
from curate.images.preprocess import Preprocess
from curate.images.workers import DecodePool
from curate.options.weight import WeightOptions
from curate.store.fingerprint import sha256_of
from curate.store.folders import Folders
from curate.store.named import named_file
from curate.store.step import Step
from curate.terminal.notices import warn
from curate.terminal.printable import counted
from curate.training.device import Computer, computer
from curate.training.models import Model, open_model_of
from curate.training.pictures import StoredPictures, decode_pictures
from curate.training.plan import picture_side, plan_training
from curate.training.spec import NetworkSpec
from curate.training.train import BESIDE_NETWORK, TRAINED, Judge, encode_pictures, train

PICTURES = Step(
    "pictures", code=(decode_pictures.__module__,), beside=BESIDE_PICTURES, title="Decoding"
)
NETWORK = Step(
    "network",
    code=(train.__module__, open_model_of.__module__, plan_training.__module__),
    beside=BESIDE_NETWORK,
    title="Training",
)
ENOUGH_ALONE = 5_000
"""With 1,500 images of ten tinyweb classes, 35% of them wrong, it estimated 8 to 30%."""


@dataclass(frozen=True)
class SelfFeatures:
    """The network, and the crawl that it is trained on."""

    spec: NetworkSpec
    options: WeightOptions
    crawl: Crawl
    console: Console

    @cached_property
    def _model(self) -> Model:
        return open_model_of(self.spec)

    @cached_property
    def _computer(self) -> Computer:
        return computer(self.options.device)

    def store_pictures(self) -> Folders:
        """Decode all pictures to the network's size, those that are not there yet."""
        preprocess, crawl = self._preprocess(), self.crawl
        facts = {
            "preprocess": asdict(preprocess),
            **pictures_facts(crawl.manifest, crawl.run.folder),
        }
        kept = PICTURES.by_shard(crawl.run, facts)
        wanted = [(shard, np.ones(shard.rows, bool)) for shard in kept.missing(crawl.shards)]
        files = picture_states(crawl.manifest, crawl.shards)
        again = self.options.retry_failed
        wanted += rows_again(crawl.shards, kept.store, files, again, self.console)
        if wanted:
            rows = sum(int(mask.sum()) for _, mask in wanted)
            with DecodePool(preprocess, self.options.decoders, hashed=True) as pool:
                work = crawl.manifest, wanted, kept.store, preprocess.size, pool, files
                decode = partial(decode_pictures, *work)
                kept.replace(decode, PICTURES.title, rows)
            tell_deaths(pool, self.console)
        return kept.store

    def train(self, pictures: Folders, others: tuple[Folders, ...]) -> Folders:
        """Train the network on stored pictures, unless it is trained, and store its features."""
        model, here, crawl = self._model, self._computer, self.crawl
        stored = StoredPictures(crawl.shards, pictures)
        every = self.options.no_duplicates
        judge = Judge(crawl.shards, crawl.labels, len(crawl.classes.names), others, every)
        labelled = int((judge.trained_on(stored) >= 0).sum())
        plan = plan_training(
            stored.side, labelled, here.device.type, model.largest_batch, bool(others)
        )
        if not others and labelled < ENOUGH_ALONE:
            warn(
                self.console,
                "--encoder self",
                f"by itself it needs some thousand images, and {counted(labelled, 'image')} with a"
                " label may leave its estimates far off; put it beside another encoder, such as"
                " --encoder onnx:MODEL.onnx+self, or take one that is trained already.",
            )
        facts = {
            "plan": asdict(plan),
            "copies": every,
            "precision": str(here.half),
            "init": _identity(self.spec),
            "network": (self.spec.library, self.spec.name),
            "contents": [
                [store.receipt(shard.name)["sha256"] for shard in crawl.shards]
                for store in (pictures, crawl.labels, *others)
            ],
        }
        training = NETWORK.by_shard(crawl.run, facts)
        kept = TRAINED.by_shard(crawl.run, {"network": training.name})
        if kept.missing(crawl.shards):
            with crawl.run.progress(NETWORK.title, plan.length(labelled)) as advance:
                network = train(model, plan, stored, judge, here, training.store, advance)
            kept.stream(crawl.shards, partial(encode_pictures, network, stored, here))
        return kept.store

    def _preprocess(self) -> Preprocess:
        """Tell how pictures are decoded; for the small network by what they are like."""
        if self._model.preprocess is not None:
            return self._model.preprocess
        side = native_side(self.crawl, self.options.decoders)
        return Preprocess(picture_side(side, self.crawl.rows, self._computer.device.type))


def _identity(spec: NetworkSpec) -> str:
    """Tell one set of first weights from another."""
    path = named_file(spec.init)
    return sha256_of(path) if spec.init and path.is_file() else spec.init
