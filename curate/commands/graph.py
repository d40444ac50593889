"""`curate graph`: the nearest classes of each class by each graph, and a heat map."""

from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from curate.manifest.classes import count_classes
from curate.manifest.open import open_manifest, require_exists
from curate.options.show_graph import ShowOptions
from curate.relations.graph import CLASSES, Graph, relate
from curate.scoring.summary import show_classes
from curate.store.atomic import appearing_file
from curate.store.run import default_folder, open_run
from curate.terminal.heatmap import MOST_CLASSES, draw_heatmap
from curate.terminal.notices import say
from curate.terminal.printable import brief, shown
from curate.terminal.progress import progress_bar

NEAREST = 3
SUM = "sum"

Matrix = NDArray[np.float32]


def show_graph(options: ShowOptions, quiet: bool = False) -> None:
    """Print each class's nearest classes by each graph, and draw the heat map; needs no images."""
    require_exists(options.manifest)
    folder = options.run_dir or default_folder(options.manifest, options.out or options.manifest)
    console, screen = Console(stderr=True, quiet=quiet), Console(quiet=quiet)
    with open_run(folder, partial(progress_bar, console)) as run:
        manifest = open_manifest(options.manifest, options.columns, None, run.step("rows"))
        classes = count_classes(manifest)
        graph = relate(manifest, classes, options.graph_options, run, console)
        show_classes(console, graph.table, folder / CLASSES)
        names, matrices = class_names(graph.table), _matrices(graph)
        screen.print(nearest_table(graph.table["label"].to_list(), names, matrices, options.limit))
        out = options.out or folder / "graph.png"
        _draw(graph, names, matrices, out, screen)


def class_names(table: pl.DataFrame) -> list[str]:
    """Choose what a class is called here: its name where no other class has it, else its label.

    Control characters, which labels from the web may have, are taken out.
    """
    names = [name and name.split(",")[0] for name in table["name"]]
    counts = Counter(names)
    return [
        brief(name if name and counts[name] == 1 else label)
        for name, label in zip(names, table["label"], strict=True)
    ]


def nearest_table(
    labels: list[str], names: list[str], matrices: Mapping[str, Matrix], limit: int | None
) -> Table:
    """Lay the nearest classes of the first ``limit`` classes side by side, a column a graph."""
    from graphs.order import nearest_classes

    columns = {title: (S, nearest_classes(S, NEAREST)) for title, S in matrices.items()}
    listed = len(labels) if limit is None else min(limit, len(labels))
    table = Table("class", *map(shown, columns), title="Nearest classes")
    for c in range(listed):
        cells = [_nearest(c, S, nearest, names) for S, nearest in columns.values()]
        table.add_row(_title(labels[c], names[c]), *cells, end_section=True)
    if listed < len(labels):
        table.caption = f"and {len(labels) - listed:,} more classes (--limit)"
    return table


def _matrices(graph: Graph) -> dict[str, Matrix]:
    """Give the parts of the graph, and their sum where there are several."""
    if len(graph.parts) < 2 or graph.relations is None:
        return graph.parts
    return graph.parts | {SUM: graph.relations}


def _title(label: str, name: str) -> str:
    same = name.lower() == label.replace("_", " ").lower()
    return escape(name if same else f"{name} ({brief(label)})")


def _nearest(c: int, S: Matrix, nearest: NDArray[np.intp], names: list[str]) -> str:
    lines = [f"{S[c, other]:.2f} {escape(names[other])}" for other in nearest[c] if other >= 0]
    return "\n".join(lines) or "[yellow]not known[/]"


def _draw(
    graph: Graph, names: list[str], matrices: Mapping[str, Matrix], out: Path, console: Console
) -> None:
    from graphs.order import block_order

    assert graph.relations is not None
    drawn = np.arange(min(len(names), MOST_CLASSES))
    order = block_order(graph.relations[: len(drawn), : len(drawn)])
    image = draw_heatmap(matrices, names, order)
    with appearing_file(out) as unfinished:
        image.save(unfinished, "png")
    if len(drawn) < len(names):
        console.print(f"The heat map has the first {len(drawn):,} of {len(names):,} classes.")
    say(console, f"Heat map: {out}")
