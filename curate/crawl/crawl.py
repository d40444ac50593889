"""The crawl as every step of a run reads it: rows by shards, their classes and their labels."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from curate.crawl.labels import Positions, keep_labels, stored_sets
from curate.manifest.classes import Classes
from curate.manifest.manifest import Manifest
from curate.manifest.plan import Shard, freeze_plan
from curate.store.folders import Folders
from curate.store.run import Run
from curate.terminal.skipped import Skipped


@dataclass(frozen=True)
class Crawl:
    """The user's rows, cut into shards, and the run that keeps what is made from them."""

    manifest: Manifest
    classes: Classes
    shards: tuple[Shard, ...]
    labels: Folders
    """Each row's labels as positions in the classes; see `curate.crawl.labels.index_labels`."""
    run: Run

    @property
    def rows(self) -> int:
        """N."""
        return self.manifest.rows

    @property
    def lists(self) -> bool:
        """Whether images have lists of labels."""
        return self.manifest.has_label_lists

    def sets(self, shard: Shard) -> Positions:
        """Map the labels of the shard's rows as sets (n, L), filled up with -1."""
        return stored_sets(self.labels, shard)

    def skipping(self, skipped: Iterable[Skipped]) -> "Crawl":
        """Return the crawl with more of the user's input that was skipped."""
        named = (*self.manifest.skipped, *skipped)
        return replace(self, manifest=replace(self.manifest, skipped=named))


def unlabelled_crawl(manifest: Manifest, run: Run) -> Crawl:
    """Plan the shards alone, for a manifest whose labels nobody asks for; it has no classes."""
    shards = freeze_plan(manifest, run.step("plan"))
    return Crawl(manifest, Classes((), ()), shards, run.step("labels"), run)


def index_crawl(manifest: Manifest, classes: Classes, run: Run) -> Crawl:
    """Plan the shards of a manifest, once for the life of the run, and index their labels."""
    shards = freeze_plan(manifest, run.step("plan"))
    return Crawl(manifest, classes, shards, keep_labels(manifest, shards, classes, run), run)
