"""Features that were made on machines of different kinds."""

from collections.abc import Sequence

from rich.console import Console

from curate.manifest.plan import Shard
from curate.store.folders import Folders
from curate.terminal.notices import warn
from curate.terminal.printable import listed

FEW = 3


def say_machines(store: Folders, shards: Sequence[Shard], console: Console) -> None:
    """Say where the receipts of shards name more than one kind of processor or GPU."""
    kinds = {store.receipt(shard.name).get("machine") for shard in shards} - {None}
    if len(kinds) > 1:
        warn(
            console,
            "Features",
            f"they were made on {listed(sorted(map(str, kinds)), FEW)}, whose last digits may"
            " differ; they are kept in half precision.",
        )
