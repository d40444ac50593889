"""Fit the adapted space and the prototypes of a crawl (Eq. 1 to 5), or load them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

from curate.crawl.adapted import ADAPTED, AdaptedFeatures
from curate.crawl.crawl import Crawl
from curate.crawl.fit import BlindFit, Fit
from curate.crawl.products import products_on
from curate.crawl.stored_blocks import FeatureSource, StoredBlocks
from curate.crawl.stored_features import StoredFeatures
from curate.crawl.verified_rows import LabelParts
from curate.duplicates.copies import Copies
from curate.duplicates.votes import undisputed, votes
from curate.manifest.plan import Shard
from curate.relations.graph import Graph
from curate.store.engine import HERE, Engine, uncounted
from curate.store.folders import Folders
from curate.store.run import Advance
from curate.store.step import Made, Step, state_made
from prototypes import method
from prototypes.engine.blocks import EachBlock, labelled
from prototypes.engine.products import Products
from prototypes.fit.space import AdaptedSpace
from prototypes.options import BOTH, Options

BESIDE_FIT = ("curate.relations", "curate.duplicates")
"""The graph's name and the contents of labels are among the facts."""
SPACE = Step("space", code=(__name__,), beside=BESIDE_FIT, title="Adapting the space")
PROTOTYPES = Step("prototypes", code=(__name__,), beside=BESIDE_FIT, title="Finding prototypes")


@dataclass(frozen=True)
class Tools:
    """What passes over the features use: the device, the threads, and who runs them."""

    device: str
    threads: int
    engine: Engine = HERE

    @cached_property
    def products(self) -> Products:
        """Choose the products of a GPU or of the processor, once."""
        return products_on(self.device)

    def blocks(
        self, shards: Sequence[Shard], features: FeatureSource, labels: Folders, advance: Advance
    ) -> StoredBlocks:
        """Give blocks of these features and labels, for passes with these tools."""
        gpu = self.products.gpu
        return StoredBlocks(shards, features, labels, advance, self.threads, self.engine, gpu)


@dataclass(frozen=True)
class Fitting:
    """What a space and prototypes are fitted to, and with."""

    crawl: Crawl
    features: StoredFeatures
    labels: LabelParts
    graph: Graph
    options: Options
    tools: Tools
    copies: Copies | None = None
    """None where nobody has looked for copies."""

    @property
    def blind(self) -> "Fitting":
        """The same fitting to given labels alone, as if nobody had verified any."""
        labels, options = (
            LabelParts.of_given(self.labels.given),
            replace(self.options, verified=BOTH),
        )
        return replace(self, labels=labels, options=options)

    @cached_property
    def votes(self) -> LabelParts:
        """The labels that a space and prototypes are fitted to: of copies one for each label."""
        copies, labels = self.copies, self.labels
        if copies is None or not copies.count:
            return labels
        crowd, *verified = (votes(part, copies, self.crawl) for part in labels.fitted)
        return LabelParts(labels.given, crowd, *verified)

    @cached_property
    def undisputed(self) -> Folders | None:
        """The votes that tell how often labels are wrong; None where all do."""
        crowd = self.votes.crowd
        if self.copies is None or not self.copies.count:
            return None
        found = undisputed(crowd, self.copies, self.crawl)
        return None if found is crowd else found

    @property
    def classes(self) -> int:
        """C."""
        return len(self.graph.table)

    def fit(self) -> "Fitted":
        """Fit the space, then the prototypes; what an earlier run kept is loaded.

        Raises `prototypes.fit.space.SameFeaturesError` where all rows have the same features.
        """
        space = SPACE.once(
            self.crawl.run,
            {"contents": self._contents},
            self._fit_space,
            method.SPACE_PASSES * self.crawl.rows,
        )
        g = AdaptedFeatures(
            self.features,
            space.state(AdaptedSpace),
            ADAPTED.by_shard(self.crawl.run, {"space": space.name}),
        )
        found = PROTOTYPES.once(
            self.crawl.run,
            {"space": space.name, "graph": self.graph.name, "options": vars(self.options)},
            partial(self._fit_prototypes, g),
            method.passes(self.options) * self.crawl.rows,
            first=lambda: g.adapt(self.crawl.shards, self.tools.products, self.tools.threads),
        )
        return Fitted(self, found.name, space.name, g, found.state(method.Prototypes))

    @property
    def _contents(self) -> list[object]:
        """Identify the features and labels, shard by shard."""
        parts = [*self.votes.fitted, *([self.undisputed] if self.undisputed else [])]
        return [
            (
                self.features.contents(shard.name),
                [part.receipt(shard.name)["sha256"] for part in parts],
            )
            for shard in self.crawl.shards
        ]

    def _fit_space(self, advance: Advance) -> Made:
        blocks, verified = self._blocks(self.features, advance)
        space = method.fit_space(
            blocks, self.classes, verified, self.tools.products, self._judged(self.features)
        )
        return state_made(space)

    def _fit_prototypes(self, g: AdaptedFeatures, advance: Advance) -> Made:
        blocks, verified = self._blocks(g, advance)
        fitted = method.fit_prototypes(
            blocks,
            self.classes,
            self.graph.relations,
            self.options,
            verified,
            self.tools.products,
            g.space,
            self._pairs(g),
            self._judged(g),
        )
        return state_made(fitted)

    def _pairs(self, g: AdaptedFeatures) -> StoredBlocks | None:
        """Give the rows with all their labels, where some do not vote and p is kept of pairs."""
        if not self.crawl.lists or self.votes is self.labels:
            return None
        crowd = self.labels.crowd
        return self.tools.blocks(self.crawl.shards, g, crowd, uncounted)

    def _judged(self, features: FeatureSource) -> StoredBlocks | None:
        """Give the undisputed votes, where some are not."""
        if self.undisputed is None:
            return None
        return self.tools.blocks(self.crawl.shards, features, self.undisputed, uncounted)

    def _blocks(
        self, features: StoredFeatures | AdaptedFeatures, advance: Advance
    ) -> tuple[StoredBlocks, EachBlock | None]:
        """Give the unverified rows, and the verified ones if there are any."""
        blocks = self.tools.blocks(self.crawl.shards, features, self.votes.crowd, advance)
        if self.votes.verified is None:
            return blocks, None
        verified = replace(blocks, labels=self.votes.verified, advance=uncounted)
        return blocks, labelled(verified)


@dataclass(frozen=True)
class Fitted:
    """The adapted space and the prototypes, and the names that identify them."""

    of: Fitting
    name: str
    space_name: str
    adapted: AdaptedFeatures
    prototypes: method.Prototypes

    @property
    def fit(self) -> Fit:
        """The space and the prototypes."""
        return Fit(self.adapted.space, self.prototypes)

    def adapt(self) -> None:
        """Make the adapted features that are missing."""
        self.adapted.adapt(self.of.crawl.shards, self.of.tools.products, self.of.tools.threads)

    def blocks(self, labels: Folders, advance: Advance = uncounted) -> StoredBlocks:
        """Give blocks of g with these labels."""
        return self.of.tools.blocks(self.of.crawl.shards, self.adapted, labels, advance)


@dataclass(frozen=True)
class Fits:
    """What rows are judged by: ``fitted`` or, for verified rows, ``blind``."""

    fitted: Fitted
    blind: Fitted
    """Made from given labels alone; the same where nothing is verified."""

    @property
    def blind_fit(self) -> BlindFit | None:
        """What judges the verified rows; None where nothing is verified."""
        if self.fitted is self.blind:
            return None
        return BlindFit(self.blind.fit, self.fitted.adapted.features, self.fitted.of.labels)

    @property
    def facts(self) -> dict[str, object]:
        """Identify what rows are judged by, and their given labels."""
        fitting = self.fitted.of
        given = fitting.labels.given
        return {
            "prototypes": self.fitted.name,
            "blind": self.blind.name,
            "given": [given.receipt(shard.name)["sha256"] for shard in fitting.crawl.shards],
        }


def fit_both(fitting: Fitting) -> Fits:
    """Fit with verified labels, and without them."""
    blind = fitting.blind.fit()
    if fitting.labels.verified is None:
        return Fits(blind, blind)
    ADAPTED.remove(fitting.crawl.run)
    return Fits(fitting.fit(), blind)
