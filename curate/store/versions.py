"""The versions of the libraries that results depend on, and the day."""

import os
import platform
import time
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version

DISTRIBUTION = "curate-labels"
"""What the package index calls us; `curate` is another project there."""
LIBRARIES = ("numpy", "polars", "pyarrow", "pillow", "onnxruntime", "torch", "faiss-gpu",
             "open_clip_torch", "timm", "nltk", "transformers")  # fmt: skip


def versions() -> dict[str, str]:
    """Give the versions of Python and of the libraries that results depend on."""
    found = {"python": platform.python_version(), "curate": version(DISTRIBUTION)}
    for library in LIBRARIES:
        with suppress(ImportError):
            found[library] = version(library)
    return found


def today() -> str:
    """Give the day in UTC; SOURCE_DATE_EPOCH (seconds) names another, for builds that repeat."""
    seconds = float(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
