"""The class relation graph of a crawl's classes, and the table that says what each class is."""

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.classes import Classes
from curate.errors import CurateError
from curate.store.fingerprint import fingerprint
from curate.store.folders import Folders

CODE = 1
"""Raise it when a change here changes graphs or senses."""

ClassTable = pl.DataFrame
"""Columns label, rows, synset, definition, chosen, runner_up, description; a row a class."""


def relate_classes(
    classes: Classes,
    graph: str,
    stated: Mapping[str, Mapping[str, str]],
    store: Folders,
    report: Callable[[str], None],
) -> tuple[str, ClassTable, NDArray[np.float32] | None]:
    """Make or load S_t (C, C) and the class table; S_t is NaN for classes that are in no graph.

    ``stated`` is what --classes says of a label: synset, description. Returns the name of the
    finished folder too.
    """
    name = fingerprint(code=CODE, classes=classes.names, graph=graph, stated=stated)
    if name not in store:
        table, relations = _make(classes, graph, stated, report)
        contents = {"classes": table} | ({} if relations is None else {"relations": relations})
        store.write(name, contents, graph=graph)
    table = store.table(name, "classes").with_columns(rows=pl.Series(classes.counts))
    relations = None
    if graph != "none":
        relations = np.asarray(store.array(name, "relations"), np.float32)
    return name, table, relations


def _make(
    classes: Classes,
    graph: str,
    stated: Mapping[str, Mapping[str, str]],
    report: Callable[[str], None],
) -> tuple[ClassTable, NDArray[np.float32] | None]:
    descriptions = [stated.get(label, {}).get("description") for label in classes.names]
    table = pl.DataFrame(
        {"label": classes.names, "description": descriptions},
        schema={"label": pl.String, "description": pl.String},
    )
    if graph == "none":
        return table, None
    from curate.wordnet_setup import ensure_wordnet
    from graphs.senses import choose_senses
    from graphs.wordnet import open_wordnet, wordnet_graph

    wordnet = open_wordnet(ensure_wordnet(report))
    overrides = {label: facts["synset"] for label, facts in stated.items() if "synset" in facts}
    try:
        senses = choose_senses(classes.names, wordnet, overrides)
    except ValueError as error:
        raise CurateError(f"--classes: {error}") from error
    table = table.with_columns(
        pl.Series("synset", [sense.synset for sense in senses], pl.String),
        pl.Series("definition", [sense.definition for sense in senses], pl.String),
        pl.Series("chosen", [sense.how for sense in senses], pl.String),
        pl.Series("runner_up", [sense.runner_up for sense in senses], pl.String),
    )
    relations = wordnet_graph([sense.synset for sense in senses], wordnet)
    unknown = table["synset"].is_null().to_numpy()
    relations[unknown] = relations[:, unknown] = np.nan
    return table, relations
