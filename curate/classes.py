"""The classes of a crawl: the distinct labels, and what the user says of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.errors import CurateError
from curate.manifest.columns import listed
from curate.manifest.formulas import as_known
from curate.manifest.manifest import Manifest, as_text
from curate.manifest.tables import read_table

NO_CLASS = -1
LIST_AS_TEXT = r"""^\[\s*["'].*\]$"""


@dataclass(frozen=True)
class Classes:
    """The C classes in sorted order; a label is written as its position, or -1 for none."""

    names: tuple[str, ...]
    counts: tuple[int, ...]
    """Rows that carry each."""

    def indices(self, labels: pl.Series) -> NDArray[np.int32]:
        """Turn labels (n,) of any accepted type into positions (n,); null and '' give -1."""
        positions = as_text(pl.lit(labels)).replace_strict(
            list(self.names), list(range(len(self.names))), default=NO_CLASS, return_dtype=pl.Int32
        )
        return pl.select(positions).to_series().to_numpy()


def count_classes(manifest: Manifest) -> Classes:
    """Collect the distinct labels; raises CurateError when there are fewer than two."""
    label = manifest.columns.label
    table = (
        manifest.scan_labels()
        .group_by("label")
        .len()
        .drop_nulls()
        .sort("label")
        .collect(engine="streaming")
    )
    if len(table) == 0:
        raise CurateError(
            f"{manifest.path}: column '{label}' is null in every row; name the column that holds"
            " the classes with --label."
        )
    if len(table) == 1:
        raise CurateError(
            f"{manifest.path}: column '{label}' has one class only ('{table['label'][0]}'); labels"
            " are judged against other classes, so weigh crawls of several classes together."
        )
    written = table.filter(pl.col("label").str.contains(LIST_AS_TEXT))["label"].head(1)
    for text in written:
        raise CurateError(
            f"{manifest.path}: column '{label}' holds lists written as text, such as '{text}';"
            " write lists as such: in Parquet, or in JSON lines with a list in every row."
        )
    return Classes(tuple(table["label"]), tuple(table["len"]))


def read_class_file(path: Path, classes: Classes) -> Mapping[str, Mapping[str, str]]:
    """Read --classes: a table with columns label, and synset, name or description; {label: {...}}.

    Raises CurateError for an unreadable table, a missing column and a label that no row has.
    """
    table = read_table(path, "--classes", "label, synset, name, description")
    if "label" not in table.columns or not {"synset", "name", "description"} & set(table.columns):
        raise CurateError(
            f"--classes {path} has columns {listed(table.columns)}; it needs label, and synset"
            " or name or description."
        )
    table = table.with_columns(pl.all().cast(pl.String))
    known = pl.LazyFrame({"label": classes.names}, schema={"label": pl.String})
    table = table.with_columns(as_known(table["label"], known))
    doubled = table["label"].filter(table["label"].is_duplicated()).drop_nulls()
    if len(doubled):
        raise CurateError(
            f"--classes {path} has the label '{doubled[0]}' twice; keep one row a label."
        )
    unknown = sorted(set(table["label"].drop_nulls()) - set(classes.names))
    if unknown:
        raise CurateError(
            f"--classes {path} names '{unknown[0]}', which is no label of the manifest; take that"
            " row out or write the label as it stands there."
        )
    rows = table.filter(pl.col("label").is_not_null()).iter_rows(named=True)
    return {row["label"]: {key: value for key, value in row.items() if value} for row in rows}
