"""`curate embed`: the features of a crawl, the first stage of `curate weight` by itself."""

from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console

from curate.cluster.open import open_engine
from curate.crawl.crawl import index_crawl
from curate.crawl.pictures import tell_heic
from curate.crawl.stored_features import StoredFeatures
from curate.features.find import find_features
from curate.images.status import Status
from curate.manifest.classes import count_classes
from curate.manifest.open import open_manifest, require_exists
from curate.manifest.plan import Shard
from curate.options.weight import WeightOptions
from curate.store.run import default_folder, open_run
from curate.terminal.command_line import chosen_options, command_line, say_next
from curate.terminal.notices import say, say_skipped
from curate.terminal.progress import progress_bar
from curate.terminal.skipped import Skipped
from curate.weighted.columns import free_prefix


@dataclass(frozen=True)
class Embedded:
    """Where features are kept, and how many rows have any."""

    run: Path
    dim: int
    """D"""
    statuses: Counter[str]
    """Rows of each status."""
    skipped: tuple[Skipped, ...]
    """What of the user's files is in no row."""
    shards: tuple[Shard, ...]
    features: StoredFeatures
    prefix: str
    """For the columns of `curate weight`; empty unless the crawl has such columns."""


def embed_and_report(options: WeightOptions, quiet: bool = False) -> None:
    """Embed a manifest; what was done goes to standard output, all else to standard error."""
    embedded = embed(options, Console(stderr=True, quiet=quiet))
    console, found = Console(quiet=quiet), embedded.statuses
    failed = ", ".join(f"{n:,} {why}" for why, n in found.most_common() if why != Status.OK)
    say(
        console,
        f"{found[Status.OK]:,} of {found.total():,} rows have {embedded.dim:,} features each"
        f"{f' (the others: {failed})' if failed else ''}, in {embedded.run}",
    )
    say_skipped(console, embedded.skipped)
    chosen = chosen_options(options) | {"overwrite": options.output.exists()}
    if embedded.prefix:
        chosen["prefix"] = embedded.prefix
    say_next(console, command_line("weight", options.manifest, **chosen))


def embed(options: WeightOptions, console: Console) -> Embedded:
    """Make the features of every row, which `weigh` with the same options then finds.

    Of the options only those of the manifest, the encoder and the run folder count. Raises
    CurateError for everything that the user can mend. Finished shards are kept, and used again.
    """
    require_exists(options.manifest)
    folder = options.run_dir or default_folder(options.manifest, options.output)
    progress = partial(progress_bar, console)
    with (
        open_engine(options.engine_options, console) as engine,
        open_run(folder, progress, engine) as run,
    ):
        manifest = open_manifest(options.manifest, options.columns, options.root, run.step("rows"))
        crawl = index_crawl(manifest, count_classes(manifest), run)
        features = find_features(options, crawl, console)
        statuses: Counter[str] = Counter()
        for shard in crawl.shards:
            statuses.update(features.statuses(shard.name).to_list())
        dim = features.columns(len(features.parts) - 1, crawl.shards[0].name)[1]
    tell_heic(statuses, console)
    prefix = free_prefix(manifest.schema.names)
    return Embedded(folder, dim, statuses, manifest.skipped, crawl.shards, features, prefix)
