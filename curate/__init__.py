"""From a crawl to a crawl with a weight for every sample.

In Python, with the options of the command line as keywords:

    import curate

    rows = curate.weight("crawl.parquet", alpha=1.2, beta=1.5)
    rows = curate.refine("crawl.weighted.parquet", verified="verified.csv")
    curate.export("crawl.refined.parquet", to="webdataset", out="shards", labels="refined")

`curate.torch` has datasets and the loss that heeds weights. Nothing heavy is imported before it is
needed.
"""

from typing import TYPE_CHECKING, Any

from curate.own_packages import PACKAGES, load_own, warn_of_others

if TYPE_CHECKING:
    from curate.api import embeddings, export, refine, weight

__all__ = ["embeddings", "export", "refine", "weight"]

for _name in PACKAGES:
    load_own(_name)


def __getattr__(name: str) -> Any:
    """Import a function of `curate.api` when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module 'curate' has no attribute '{name}'")
    warn_of_others()
    from curate import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
