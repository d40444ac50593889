"""`curate.graph`: of a path, or of a table in memory."""

from dataclasses import replace

import numpy as np

from curate.commands.graph import ClassGraph, draw_graph, relate_classes
from curate.in_memory.given import first_table, given_files
from curate.in_memory.weigh import NAME
from curate.manifest.columns import named_columns
from curate.options.in_python import Arguments
from curate.options.show_graph import ShowOptions
from curate.store.urls import as_path


def graph_any(arguments: Arguments[ShowOptions]) -> ClassGraph:
    """Relate the classes of a path or of a table; the heat map is drawn where ``out`` is given."""
    table = first_table(arguments.first, "graph")
    run = arguments.keywords.get("run_dir")
    with given_files(run) as given:
        options = given.options(arguments, NAME if table else as_path(arguments.first))
        if table is not None:
            columns = named_columns(table.names, options.columns, table.said)
            options = replace(options, manifest=given.table(table, columns), run_dir=given.run)
        graph = relate_classes(options, given.console)
        if options.out is not None:
            draw_graph(graph, options.out, given.console)
        # Matrices are mapped from the run folder, which may be a temporary one.
        return replace(graph, matrices={name: np.array(S) for name, S in graph.matrices.items()})
