"""From a crawl to a crawl with a weight for every sample.

In Python, with the options of the command line as keywords:

    import curate

    rows = curate.weight("crawl.parquet", alpha=1.2, beta=1.5)
    frame = curate.weight(frame, image="path", label="class")  # pandas, polars, pyarrow, datasets
    rows = curate.refine("crawl.weighted.parquet", verified="verified.csv")
    curate.export("crawl.refined.parquet", to="webdataset", out="shards", labels="refined")

`curate.torch` has datasets and the loss that heeds weights. Nothing heavy is imported before it is
needed.
"""

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from curate.own_packages import PACKAGES, load_own, warn_of_others

if TYPE_CHECKING:
    from curate.api import (
        duplicates,
        embed,
        embeddings,
        export,
        find_label_issues,
        graph,
        inspect,
        refine,
        report,
        weight,
    )

__all__ = [
    "duplicates",
    "embed",
    "embeddings",
    "export",
    "find_label_issues",
    "graph",
    "inspect",
    "refine",
    "report",
    "weight",
]


class _Package(ModuleType):
    """The package, whose functions are not hidden by rooms of the same names.

    Python binds a module in its package when it is first imported.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if name not in __all__ or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package

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
