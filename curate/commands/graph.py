"""`curate graph`: the nearest classes of each class by each graph, and a heat map."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
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
from curate.store.sent import require_writable
from curate.terminal.heatmap import MOST_CLASSES, draw_heatmap
from curate.terminal.notices import say
from curate.terminal.printable import brief, shown
from curate.terminal.progress import progress_bar

NEAREST = 3
SUM = "sum"

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class ClassGraph:
    """How alike the classes of a crawl are, by what is known before any image is seen."""

    labels: tuple[str, ...]
    """The C classes."""
    names: tuple[str, ...]
    """What each is called."""
    matrices: Mapping[str, Matrix]
    """By graph, and 'sum' where there are several: S (C, C); NaN for classes it does not know."""
    run: Path
    """The run folder."""

    @property
    def total(self) -> Matrix:
        """S_t (C, C): the graph, or the sum of several."""
        return self.matrices[SUM] if SUM in self.matrices else next(iter(self.matrices.values()))


def show_graph(options: ShowOptions, quiet: bool = False) -> None:
    """Print each class's nearest classes by each graph, and draw the heat map; needs no images."""
    screen = Console(quiet=quiet)
    graph = relate_classes(options, Console(stderr=True, quiet=quiet))
    labels, names = list(graph.labels), list(graph.names)
    screen.print(nearest_table(labels, names, graph.matrices, options.limit))
    draw_graph(graph, options.out or graph.run / "graph.png", screen)


def relate_classes(options: ShowOptions, console: Console) -> ClassGraph:
    """Relate the classes of a manifest; progress and warnings go to ``console``.

    Raises CurateError for everything that the user can mend.
    """
    require_exists(options.manifest)
    if options.out is not None:
        require_writable(options.out)
    folder = options.run_dir or default_folder(options.manifest, options.out or options.manifest)
    with open_run(folder, partial(progress_bar, console)) as run:
        manifest = open_manifest(options.manifest, options.columns, None, run.step("rows"))
        graph = relate(manifest, count_classes(manifest), options.graph_options, run, console)
        show_classes(console, graph.table, folder / CLASSES)
        labels, names = tuple(graph.table["label"]), tuple(class_names(graph.table))
        return ClassGraph(labels, names, _matrices(graph), folder)


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


def draw_graph(graph: ClassGraph, out: Path, console: Console) -> None:
    """Draw the heat map as a PNG, and say where it is."""
    from graphs.order import block_order

    names = list(graph.names)
    drawn = np.arange(min(len(names), MOST_CLASSES))
    order = block_order(graph.total[: len(drawn), : len(drawn)])
    image = draw_heatmap(graph.matrices, names, order)
    with appearing_file(out) as unfinished:
        image.save(unfinished, "png")
    if len(drawn) < len(names):
        console.print(f"The heat map has the first {len(drawn):,} of {len(names):,} classes.")
    say(console, f"Heat map: {out}")
