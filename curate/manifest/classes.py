"""The classes of a crawl: the distinct labels, and what the user says of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.errors import CurateError
from curate.manifest.formulas import as_known
from curate.manifest.manifest import Manifest, as_text
from curate.manifest.spellings import canonical, spelled
from curate.manifest.tables import read_table
from curate.terminal.printable import brief, examples, listed

NO_CLASS = -1
LONGEST_LABEL = 256
"""Characters."""
LIST_AS_TEXT = r"""^(array\()?[\[({]\s*["'].*[\])}](, dtype=.*\))?$"""
IN_BRACKETS = r"^\[.*\]$"
VECTOR_AS_TEXT = r"(?i)^[\[(]?\s*([01]\.?0?|true|false)([\s,;|]+([01]\.?0?|true|false))+\s*[\])]?$"
NEARLY_ALL = 0.9
BITS = {"0", "1", "-1", "true", "false"}
"""If lists hold nothing else, they are vectors with a place for each class."""


@dataclass(frozen=True)
class Classes:
    """The C classes in sorted order; a label is written as its position, or -1 for none."""

    names: tuple[str, ...]
    """One for all spellings that look the same: the commonest."""
    counts: tuple[int, ...]
    """The number of rows with each label."""
    joined: tuple[tuple[str, ...], ...] = ()
    """The spellings of classes that are written in several ways, the commonest first."""

    def indices(self, labels: pl.Series) -> NDArray[np.int32]:
        """Turn labels (n,) of any accepted type into positions (n,); null and '' give -1."""
        known = {canonical(name): place for place, name in enumerate(self.names)}
        texts = labels.cast(pl.String)
        places = {
            text: known.get(canonical(text), NO_CLASS) for text in texts.unique().drop_nulls()
        }
        positions = texts.replace_strict(
            list(places), list(places.values()), default=NO_CLASS, return_dtype=pl.Int32
        )
        return positions.to_numpy()


def count_classes(manifest: Manifest) -> Classes:
    """Collect the distinct labels; labels that look the same are one class.

    Raises CurateError if there are fewer than two, and for a column that holds no labels.
    """
    label = brief(manifest.columns.label)
    counts, joined = spelled(manifest.scan_labels())
    names = sorted(counts)
    if not names:
        raise CurateError(
            f"{manifest.path}: column '{label}' is null in every row; name the column that holds"
            " the classes with --label."
        )
    _check_length(manifest, names)
    _check_vectors(manifest, counts)
    if len(names) == 1:
        raise CurateError(
            f"{manifest.path}: column '{label}' has one class only ('{brief(names[0])}'); labels"
            " are judged against other classes, so weigh crawls of several classes together."
        )
    return Classes(
        tuple(names),
        tuple(counts[name] for name in names),
        tuple(spellings for spellings in joined if len(spellings) > 1),
    )


def require_repeated_labels(manifest: Manifest, classes: Classes) -> None:
    """Raise CurateError unless two classes have two rows each; call it before making a matrix."""
    if sum(count > 1 for count in classes.counts) < 2:
        raise CurateError(
            f"{manifest.path}: column '{brief(manifest.columns.label)}' has"
            f" {len(classes.names):,} different labels in {manifest.rows:,} rows, such as"
            f" {examples(classes.names)}, and fewer than two of them are on two rows or more;"
            " labels are judged by other images of the same class, so name the column that holds"
            " the classes with --label."
        )


def _check_length(manifest: Manifest, names: list[str]) -> None:
    if max(map(len, names)) <= LONGEST_LABEL:
        return
    rows = manifest.scan_labels(pl.int_range(pl.len()).alias("row"))
    long = rows.filter(pl.col("label").str.len_chars() > LONGEST_LABEL).head(1).collect()
    text, row = long.row(0)
    raise CurateError(
        f"{manifest.path}, row {row + 1}: column '{brief(manifest.columns.label)}' has a label of"
        f" {len(text):,} characters ('{brief(text)}'), and curate takes {LONGEST_LABEL}; name the"
        " column that holds the classes with --label."
    )


def _check_vectors(manifest: Manifest, counts: Mapping[str, int]) -> None:
    """Raise CurateError for lists written as text, and for vectors with a place for each class."""
    names = sorted(counts)
    label = brief(manifest.columns.label)
    where = f"{manifest.path}: column '{label}'"
    vectors = [name for name in names if re.match(VECTOR_AS_TEXT, name)]
    if len(vectors) == len(names):
        raise CurateError(
            f"{where} holds vectors of 0 and 1 as text, such as '{brief(names[0])}'; write the"
            " names of the classes that are 1."
        )
    lists = [name for name in names if re.match(LIST_AS_TEXT, name)]
    if all(re.match(IN_BRACKETS, name) for name in names):
        lists = names
    for text in lists:
        raise CurateError(
            f"{where} holds lists written as text, such as '{brief(text)}'; write lists as such: in"
            " Parquet, or in JSON lines with a list in every row."
        )
    if not manifest.has_label_lists:
        return
    length = _vector_length(manifest, counts)
    if length is not None:
        raise CurateError(
            f"{where} holds vectors with a place for each class, such as of 0 and 1 (one-hot, or"
            f" multi-hot), each {length:,} long, and a list is one of labels; write the classes"
            f" that are 1, with pandas: df['{label}'] = [[i for i, x in enumerate(v) if x > 0] for"
            f" v in df['{label}']], or their names."
        )


def _vector_length(manifest: Manifest, counts: Mapping[str, int]) -> int | None:
    """Return the length of lists that are vectors: of 0 and 1, or with another value for no.

    That value is in nearly every list, and mostly more than once. Several people's answers for an
    image may repeat too, but then no label is in nearly every list.
    """
    lists = manifest.scan().select(manifest.label_lists.alias("list")).drop_nulls()
    column = pl.col("list").list
    facts = lists.select(column.len().alias("n"), repeats=column.n_unique() < column.len())
    lengths = facts.filter(pl.col("n") > 0).group_by("n").agg(pl.len(), pl.col("repeats").sum())
    found = lengths.head(2).collect(engine="streaming").rows()
    if len(found) != 1 or found[0][0] < 2:
        return None
    length, rows, repeating = found[0]
    padded = 2 * repeating > rows and max(counts.values()) > NEARLY_ALL * rows
    return int(length) if set(counts) <= BITS or padded else None


def read_class_file(path: Path, classes: Classes) -> Mapping[str, Mapping[str, str]]:
    """Read --classes: a table with columns label, and synset, name or description; {label: {...}}.

    Raises CurateError for an unreadable table, a missing column, or a label that no row has.
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
    by_form = {canonical(name): name for name in classes.names}
    labels = [label and by_form.get(canonical(label), label) for label in table["label"]]
    table = table.with_columns(as_text(pl.lit(pl.Series("label", labels, pl.String))))
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
