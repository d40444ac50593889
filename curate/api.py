"""The commands as functions: their options are keywords, and tables in memory may be given."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from curate.in_memory.label_issues import LabelIssues, label_issues
from curate.in_memory.relations import graph_any
from curate.in_memory.signatures import gives_back, reads, weighs
from curate.in_memory.weigh import embed_any, or_labels, weigh_any
from curate.in_memory.weighted import (
    duplicates_any,
    embeddings_any,
    export_any,
    inspect_any,
    refine_any,
    report_any,
)
from curate.options.columns import ColumnOptions
from curate.options.duplicates import DuplicatesOptions
from curate.options.embed import EmbedOptions
from curate.options.export import ExportOptions
from curate.options.inspect import InspectOptions
from curate.options.refine import RefineOptions
from curate.options.report import ReportOptions
from curate.options.show_graph import ShowOptions
from curate.options.weight import WeightOptions
from curate.store.urls import as_path

if TYPE_CHECKING:
    from curate.options.paths import InMemoryTable

weight = or_labels(
    weighs(
        "weight",
        WeightOptions,
        weigh_any,
        """Give every sample of a crawl a weight, a quality and a suggested label.

        ``manifest`` is a path, as of `curate weight`, whose output is written and returned lazily;
        or a table of polars, pandas or pyarrow or a datasets.Dataset, which is given back with the
        new columns, its rows, its index and its own columns as they were. With ``labels`` (N) and
        ``embeddings`` (N, D) in its place, a polars DataFrame is returned.

        Of a table, image paths start from ``root`` or the working directory, and pictures may be
        bytes or pictures of Pillow. What a run makes is kept in ``run_dir``, and removed without
        one. Raises `curate.errors.CurateError` for what can be mended, and TypeError for an
        unknown keyword or a value of another type. The other keywords:
        """,
    )
)
embed = reads(
    "embed",
    EmbedOptions,
    embed_any,
    """Make the features of a crawl: (N, D) float16, row by row, of unit length.

    Rows without features are NaN. `weight` of the same path, or with the same ``run_dir``, finds
    them. Raises as `weight` does. The keywords:
    """,
)
refine = gives_back(
    "refine",
    RefineOptions,
    refine_any,
    """Correct the labels of what `weight` returned or wrote, with a head trained on verified rows.

    A file's output is written and returned lazily; a table is given back with the new columns, and
    needs the ``run_dir`` that `weight` was given. Raises as `weight` does. The keywords:
    """,
)
export = reads(
    "export",
    ExportOptions,
    export_any,
    """Write weighted rows in the form that a trainer reads; returns what was counted.

    ``rename`` may be a dict. Raises as `weight` does. The keywords:
    """,
)
report = reads(
    "report",
    ReportOptions,
    report_any,
    """Write one HTML page to look through weighted rows; returns its path.

    Of a table the page is report.html in the working directory, unless ``out`` is given. Raises as
    `weight` does. The keywords:
    """,
)
inspect = reads(
    "inspect",
    InspectOptions,
    inspect_any,
    """Show a summary of weighted rows and the worst suspects; with ``as_json`` return them.

    Raises as `weight` does. The keywords:
    """,
)
duplicates = reads(
    "duplicates",
    DuplicatesOptions,
    duplicates_any,
    """Show the groups of copies among weighted rows; with ``as_json`` return them.

    Raises as `weight` does. The keywords:
    """,
)
graph = reads(
    "graph",
    ShowOptions,
    graph_any,
    """Tell how alike the classes of a crawl are by each graph; needs no images.

    A heat map is drawn where ``out`` is given. Raises as `weight` does. The keywords:
    """,
)


def embeddings(
    weighted: "str | Path | InMemoryTable",
    *,
    label: str | None = None,
    prefix: str | None = None,
    run_dir: str | Path | None = None,
) -> NDArray[np.float16]:
    """Return the features that a crawl was weighed by: (N, D) float16, row by row.

    Rows have unit length (of a sum of encoders each part), and are NaN where status is not ok. The
    array is mapped from a temporary file (TMPDIR) that goes with it, and so may be larger than the
    memory. Rows that were sorted or filtered since are found by their keys; without keys they are
    refused. ``weighted`` is what `weight` or `refine` returned or wrote; a table needs the
    ``run_dir`` that they were given, and the other keywords are theirs, for a table or a CSV, which
    do not say them. Raises as `weight` does, also where the run's folder is gone.
    """
    folder = None if run_dir is None else as_path(run_dir)
    return embeddings_any(weighted, ColumnOptions(label=label), prefix, folder)


def find_label_issues(labels: ArrayLike, embeddings: ArrayLike, **options: Any) -> LabelIssues:
    """Judge labels (N) by features (N, D), which need not come from a network trained on them.

    Returns a mask, qualities, suggestions and weights, and the suspects' indices by quality.
    ``options`` are keywords of `weight`. Raises as `weight` does.
    """
    return label_issues(weight, labels, embeddings, options)
