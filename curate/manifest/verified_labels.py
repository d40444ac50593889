"""Labels that a person has verified: a table of keys and labels, looked up in a crawl.

With a column correct, of answers to single labels: see `verified_pairs`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from rich.console import Console

from curate.errors import CurateError
from curate.manifest.formulas import as_known
from curate.manifest.how_drawn import OTHER, how_drawn
from curate.manifest.label_studio import NONE, read_answers
from curate.manifest.numbered_rows import require_same_rows
from curate.manifest.spellings import Matched, as_text, canonical, match, nearest
from curate.manifest.verified_pairs import CORRECT, by_image, read_correct
from curate.terminal.notices import warn
from curate.terminal.printable import FEW, brief, counted, examples, listed
from curate.terminal.skipped import Skipped

READ = "key, label (null: none of the classes)"
"""Columns that a table needs."""
NONE_OF_THEM = ", leave the cell empty for an image of none of the classes"


@dataclass(frozen=True)
class Asked:
    """What to look up in a crawl."""

    path: Path
    """The table, --verified."""
    key: Sequence[str]
    """Names that its column of keys may have."""
    label: Sequence[str]
    """Names that its column of labels may have."""
    classes: Sequence[str]
    """The crawl's."""
    console: Console
    new_classes: bool = False
    """Whether other labels are classes too."""
    no_others: str = ""
    """What else to do about other labels, for the error."""
    numbered: bool = False
    """Whether keys are numbers of rows."""


@dataclass(frozen=True)
class Found:
    """The rows of a crawl that a table names."""

    rows: pl.DataFrame
    """Columns row, ascending, labels, sorted lists, of which an empty one is none of the classes,
    and drawn (see `how_drawn`).

    By pair also asked, the labels that a person was asked about; labels are those of them that are
    right, and drawn is OTHER.
    """
    new: tuple[str, ...]
    """The labels that are not classes of the crawl, sorted."""
    skipped: tuple[Skipped, ...] = ()
    """What in the table names no row."""
    by_pair: bool = False
    """Whether nothing is known of the labels that nobody was asked about."""


def look_up(asked: Asked, keys: pl.LazyFrame) -> Found:
    """Find the rows of a table in a crawl, and the classes that its labels name.

    ``keys`` is the crawl's column key, as text, in order, and label where keys are numbers. A
    null, an empty text, an empty list or the words NONE are none of the classes. Keys and labels
    that differ from the crawl's in blanks or Unicode form, labels also in case, are matched where
    that is clear, and said. Keys that the crawl does not have and keys with contradicting labels
    are left out, and said. Raises CurateError for a table without the columns, for labels that are
    no class unless they are to be new ones, for answers that are none, and as `require_same_rows`.
    """
    path = asked.path
    table, unread = read_answers(path, "--verified", READ)
    label = _column(path, table, asked.label)
    if label.dtype == pl.String:
        label = label if NONE in asked.classes else label.replace(NONE, None)
        label = as_known(label, pl.LazyFrame({"class": asked.classes}, schema={"class": pl.String}))
    key = as_known(as_text(_column(path, table, asked.key)), keys.select("key"))
    if asked.numbered:
        require_same_rows(path, table.with_columns(key=key, label=label), keys)
    given = pl.DataFrame({"key": key, "labels": _lists(label)})
    by_pair = CORRECT in table.columns
    said = read_correct(path, table, label) if by_pair else how_drawn(table).alias("drawn")
    given = given.with_columns(said)
    given, new = _with_classes(asked, given)
    same = [name for name in given.columns if name != "drawn"]
    given = _with_keys(asked, given, keys).unique(same, keep="first", maintain_order=True)
    if by_pair:
        given, new, unclear = _by_image(asked, given, new)
    doubled = given["key"].is_duplicated() & given["key"].is_not_null()
    contradicting, once = given.filter(doubled), given.filter(~doubled)
    found = (
        keys.select("key")
        .with_row_index("row")
        .join(once.lazy(), on="key", how="inner")
        .sort("row")
        .collect(engine="streaming")
    )
    lost = once.join(found, on="key", how="anti", nulls_equal=True)["key"]
    _say(asked, contradicting["key"].unique(maintain_order=True), "keys with contradicting labels",
        "are left out")  # fmt: skip
    _say(asked, lost, "keys that are not in the manifest", "are left out")
    for each in unread:
        warn(asked.console, f"--verified {path}", f"{each}; left out.")
    skipped = (
        *unread,
        *(unclear if by_pair else ()),
        *Skipped.of("verified keys with contradicting labels", _distinct(contradicting["key"])),
        *Skipped.of("verified keys that are not in the manifest", _distinct(lost)),
    )
    return Found(found.drop("key"), new, skipped, by_pair)


def require_single(rows: pl.DataFrame, path: Path, crawl: Path) -> None:
    """Raise CurateError if a found row has several labels but the crawl has one for each image."""
    if (rows["labels"].list.len() > 1).any():
        raise CurateError(
            f"--verified {path} has rows with several labels, and those of {crawl} have one each;"
            " keep one, or leave the row out."
        )


def require_whole(found: Found, path: Path, why: str) -> None:
    """Raise CurateError, which says ``why``, for answers to single labels."""
    if found.by_pair:
        raise CurateError(
            f"--verified {path} has a column '{CORRECT}': answers to single labels, {why}."
        )


def _by_image(
    asked: Asked, answers: pl.DataFrame, new: tuple[str, ...]
) -> tuple[pl.DataFrame, tuple[str, ...], tuple[Skipped, ...]]:
    """Gather answers by key; say which are left out."""
    label = pl.col("labels").list.first()
    right = {*answers.filter(CORRECT).select(label).to_series()}
    nowhere = label.is_in([name for name in new if name not in right])
    of_none, answers = answers.filter(nowhere), answers.filter(~nowhere)
    gathered, contradicting = by_image(answers)
    each = pl.format("{}: {}", pl.col("key").fill_null("(empty)"), label)
    pairs = contradicting.select(each).to_series().unique(maintain_order=True)
    labels = of_none.select(label).to_series().unique(maintain_order=True)
    _say(asked, pairs, "labels of images with contradicting answers", "are left out")
    _say(asked, labels, "labels that are no class of the crawl, and right for no image",
        "are left out")  # fmt: skip
    skipped = (
        *Skipped.of("labels of images with contradicting answers", pairs.to_list()),
        *Skipped.of("labels that are no class, and right for no image", labels.to_list()),
    )
    gathered = gathered.with_columns(drawn=pl.lit(OTHER))
    return gathered, tuple(name for name in new if name in right), skipped


def _distinct(keys: pl.Series) -> list[str]:
    return keys.unique(maintain_order=True).fill_null("(empty)").to_list()


def _with_classes(asked: Asked, given: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Write labels as the crawl's classes are written; returns also the new classes."""
    labels = given["labels"].explode().drop_nulls()
    matched = match(labels.unique(maintain_order=True), asked.classes)
    names = dict(matched.classes)
    new = _new_classes(matched.unknown) if asked.new_classes else {}
    if matched.unknown and not asked.new_classes:
        none = "" if CORRECT in given.columns else NONE_OF_THEM
        raise CurateError(_no_classes(asked, labels, matched, none))
    names |= new
    respelled = labels.filter(labels.is_in(list(matched.respelled)))
    _say(asked, respelled, "labels that differ from a class in blanks, Unicode form or case only",
        "are taken for it")  # fmt: skip
    likely = {name: near for name in new.values() if (near := nearest(name, asked.classes))}
    for name, near in list(likely.items())[:FEW]:
        warn(
            asked.console,
            "--new-classes",
            f"'{brief(name)}' is taken for a class of its own; if '{brief(near)}' is meant, write"
            " that.",
        )
    renamed = pl.element().replace(names).unique().sort()
    return given.with_columns(pl.col("labels").list.eval(renamed)), tuple(sorted({*new.values()}))


def _new_classes(unknown: Iterable[str]) -> dict[str, str]:
    """Make new classes of labels: labels that differ only in form or case are one class."""
    first: dict[str, str] = {}
    return {name: first.setdefault(canonical(name).casefold(), canonical(name)) for name in unknown}


def _no_classes(asked: Asked, labels: pl.Series, matched: Matched, none: str) -> str:
    """Say which labels are not classes, and what to do; ``none``: about images of none of them."""
    named = []
    for name in matched.unknown[:FEW]:
        near = nearest(name, asked.classes)
        meant = "" if near is None else f" (did you mean '{brief(near)}'?)"
        named.append(f"'{brief(name)}'{meant}")
    more = ", ..." if len(matched.unknown) > FEW else ""
    count = int(labels.is_in(list(matched.unknown)).sum())
    return (
        f"--verified {asked.path} has {counted(count, 'label')} that the crawl does not have:"
        f" {', '.join(named)}{more}; write them as the crawl does{none}"
        f"{asked.no_others}."
    )


def _with_keys(asked: Asked, given: pl.DataFrame, keys: pl.LazyFrame) -> pl.DataFrame:
    """Write keys as the crawl does if they differ from one of its keys in blanks or form only."""
    form = pl.col("key").str.normalize("NFC").str.strip_chars()
    unknown = given.lazy().select("key").unique().join(keys, on="key", how="anti")
    lost = unknown.with_columns(form=form).drop_nulls().collect()
    if not len(lost):
        return given
    same = keys.select("key", form=form).join(lost.lazy(), on="form", how="semi")
    known = same.group_by("form").agg(pl.len(), known=pl.col("key").first())
    clear = known.filter(pl.col("len") == 1).collect(engine="streaming")
    found = lost.join(clear, on="form", maintain_order="left").select("key", "known")
    what = "keys that differ from one of the manifest in blanks or Unicode form only"
    _say(asked, found["key"], what, "are taken for it")
    joined = given.join(found, on="key", how="left", maintain_order="left")
    return joined.with_columns(key=pl.coalesce("known", "key")).drop("known")


def _lists(labels: pl.Series) -> pl.Series:
    """Turn labels, or lists of them, into sorted lists of text."""
    if isinstance(labels.dtype, pl.List):
        lists = pl.lit(labels.cast(pl.List(pl.String)))
    else:
        lists = pl.concat_list(pl.lit(as_text(labels)))
    kept = pl.element().filter(pl.element().str.strip_chars() != "")
    none = pl.lit([], dtype=pl.List(pl.String))
    return pl.select(lists.list.eval(kept.unique().sort()).fill_null(none)).to_series()


def _column(path: Path, table: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    for name in names:
        if name in table.columns:
            _check_kind(path, table[name])
            return table[name]
    raise CurateError(
        f"--verified {path} has columns {listed(table.columns)}; it needs key, and label (null:"
        " none of the classes)."
    )


def _check_kind(path: Path, values: pl.Series) -> None:
    """Raise CurateError for values that are not texts, numbers, or lists of them."""
    kind = values.dtype.inner if isinstance(values.dtype, pl.List) else values.dtype
    if kind is not None and (kind.is_nested() or kind == pl.Binary or kind == pl.Object):
        raise CurateError(
            f"--verified {path}: column '{brief(values.name)}' is {brief(str(values.dtype))}; write"
            " texts or numbers."
        )


def _say(asked: Asked, values: pl.Series, what: str, then: str) -> None:
    """Say for how many values something is true, with the first few of them."""
    if len(values):
        different = values.unique(maintain_order=True).cast(pl.String).fill_null("(empty)")
        warn(
            asked.console,
            f"--verified {asked.path}",
            f"{what}, such as {examples(different)}, {then}: {len(values):,}.",
        )
