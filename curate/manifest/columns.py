"""Find the columns of a manifest: label, image, key, caption and embedding."""

import json
import re
import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import polars.selectors as cs
import pyarrow as pa

from curate.errors import CurateError
from curate.manifest.picture_files import has_picture_ending
from curate.manifest.text_files import ending_of
from curate.options.columns import ColumnOptions
from curate.terminal.printable import brief, listed

KNOWN_NAMES = {
    "image": ("image", "img", "jpg", "jpeg", "png", "webp", "image_bytes", "bytes", "image_path",
              "img_path", "file_name", "filename", "filepath", "file_path", "path", "file"),
    "label": ("label", "labels", "class", "class_name", "category", "cls", "target", "synset",
              "wnid"),
    "key": ("key", "__key__", "uid", "id", "image_id", "sample_id"),
    "caption": ("caption", "title", "text", "txt", "alt", "alt_text", "description"),
    "embedding": ("embedding",),
    "url": ("url", "image_url", "img_url", "URL"),
}  # fmt: skip
URL_LISTS = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json"}
"""What img2dataset calls the forms of a list of URLs, by ending; all others are Parquet."""
NO_KEY = "none"
NO_LABEL = ""
"""The name of the label column where none is asked for."""
MOST_COLUMNS = 2_000


@dataclass(frozen=True)
class Columns:
    """The columns that curate reads; None if there is no such column."""

    label: str
    """`NO_LABEL` where labels are not asked for."""
    image: str | None = None
    key: str | None = None
    caption: str | None = None
    embedding: str | None = None


def exact_column(name: str) -> pl.Expr:
    """Refer to the column of this name; `pl.col` takes '*' and '^...$' for patterns."""
    return cs.by_name(name).as_expr()


def check_width(columns: int, source: Path) -> None:
    """Raise CurateError for a table with more columns than any crawl has, before it is read."""
    if columns > MOST_COLUMNS:
        raise CurateError(
            f"{source} has {columns:,} columns, and curate takes {MOST_COLUMNS:,} at most; keep"
            " those that describe an image (and write an embedding as a list in one column)."
        )


def check_names(names: Sequence[str], source: Path) -> None:
    """Raise CurateError for a table with two columns of the same name."""
    doubled = [name for name, count in Counter(names).items() if count > 1]
    if doubled:
        raise CurateError(
            f"{source} has two columns named '{brief(doubled[0])}'; rename one of them."
        )


def known_names(names: Sequence[str]) -> int:
    """Count the names of columns by which curate finds what it needs."""
    return sum(name.strip().lower() in known for name in names for known in KNOWN_NAMES.values())


def label_names(named: ColumnOptions) -> Sequence[str]:
    """Say by which names a label column is found."""
    return KNOWN_NAMES["label"] if named.label is None else [named.label]


def find_columns(schema: pa.Schema, named: ColumnOptions, manifest: str) -> Columns:
    """Match the schema with what the user named and with the names that crawls use.

    Raises CurateError when there is no label, or when a named column does not exist.
    """
    if not named.labelled:
        return _picture_columns(schema, named, manifest)
    columns = named_columns(schema.names, named, manifest)
    _check_label(schema.field(columns.label), manifest)
    if columns.key is not None:
        _check_key(schema.field(columns.key), manifest)
    return columns


def named_columns(names: Sequence[str], named: ColumnOptions, manifest: str) -> Columns:
    """Match the names of columns alone; raises CurateError as `find_columns` does."""
    label = _find(names, "label", named.label, manifest)
    if label is None:
        _refuse_lost_header(names, "image,label", manifest)
        raise CurateError(
            f"{manifest} has no label column; {_one_column(names, manifest)}name it with"
            f" --label, one of: {listed(names)}."
        )
    no_key = named.key == NO_KEY and NO_KEY not in names
    return Columns(
        label=label,
        image=_find(names, "image", named.image, manifest),
        key=None if no_key else _find(names, "key", named.key, manifest),
        caption=_find(names, "caption", named.caption, manifest),
        embedding=_find(names, "embedding", None, manifest),
    )


def _picture_columns(schema: pa.Schema, named: ColumnOptions, manifest: str) -> Columns:
    """Find the columns of pictures or embeddings, and of keys if they can be such."""
    image = _find(schema.names, "image", named.image, manifest)
    embedding = _find(schema.names, "embedding", None, manifest)
    if image is None and embedding is None:
        _refuse_lost_header(schema.names, "image", manifest)
    key = _find(schema.names, "key", None, manifest)
    key = key if key is not None and _is_key(schema.field(key).type) else None
    return Columns(NO_LABEL, image, key, embedding=embedding)


def _refuse_lost_header(names: Sequence[str], header: str, manifest: str) -> None:
    """Raise CurateError if a name is that of a picture; ``header`` is the line that is lost."""
    first = next(filter(has_picture_ending, names), None)
    if first is not None:
        raise CurateError(
            f"{manifest} has no {header.split(',')[-1]} column but a column named"
            f" '{brief(first)}', as if its first line were a row; write a line with the names of"
            f" the columns above it, such as {header}."
        )


def require_image(schema: pa.Schema, columns: Columns, manifest: str) -> str:
    """Name the image column, or say what to do without one."""
    if columns.image is not None:
        return columns.image
    url = next((name for name in schema.names if name in KNOWN_NAMES["url"]), None)
    if url is not None:
        raise CurateError(url_refusal(manifest, url, columns))
    features = " (or give the features that you have with --embeddings FILE)"
    raise CurateError(
        f"{manifest} has no image column; name it with --image, one of: {listed(schema.names)}"
        f"{features if columns.label != NO_LABEL else ''}."
    )


def url_refusal(manifest: str, url: str, columns: Columns) -> str:
    """Say why URLs are not fetched, with the command that fetches them."""
    weighed = columns.label != NO_LABEL
    shard = Path(manifest).with_suffix("")
    if shard.is_dir() or shard.with_suffix(".tar").is_file():
        folder = shlex.quote(str(Path(manifest).parent))
        return (
            f"{manifest}: column '{brief(url)}' holds URLs; what was fetched of them seems to lie"
            f" beside it, so give the folder: {_command(folder, columns) if weighed else folder}"
        )
    form = URL_LISTS.get(ending_of(Path(manifest)), "parquet")
    caption = ["--caption_col", columns.caption] if columns.caption else []
    others = ["--save_additional_columns", json.dumps([columns.label], ensure_ascii=False)]
    fetch = shlex.join(
        ["img2dataset", "--url_list", manifest, "--input_format", form, "--url_col", url, *caption,
         *(others if weighed else []), "--output_format", "webdataset", "--output_folder", "images"]
    )  # fmt: skip
    then = f": {_command('images', columns)}" if weighed else " give the folder images."
    return (
        f"{manifest}: column '{brief(url)}' holds URLs, and curate fetches nothing; fetch the"
        f" images first: {fetch}, then{then}"
    )


def _command(folder: str, columns: Columns) -> str:
    return f"curate weight {folder} --label {shlex.quote(columns.label)}"


def _find(names: Sequence[str], part: str, named: str | None, manifest: str) -> str | None:
    if named is not None:
        if named not in names:
            raise CurateError(
                f"{manifest} has no column '{brief(named)}' (--{part}); its columns are:"
                f" {listed(names)}."
            )
        return named
    return next((found for name in KNOWN_NAMES[part] for found in _called(name, names)), None)


def _called(name: str, names: Sequence[str]) -> Sequence[str]:
    """Give the column of a known name, else those that differ in case or in blanks at the ends."""
    if name in names:
        return [name]
    return [each for each in names if each.strip().lower() == name.lower()]


def _one_column(names: Sequence[str], manifest: str) -> str:
    """Say of a text table that was read as one column which signs separate cells."""
    if len(names) != 1 or ending_of(Path(manifest)) not in (".csv", ".tsv"):
        return ""
    known = "|".join(sorted({name for part in KNOWN_NAMES.values() for name in part}))
    told = re.search(rf"\b(?:{known})(\W)\W*\w|\w(\W)\W*(?:{known})\b", names[0], re.IGNORECASE)
    sign = (told[1] or told[2]) if told else None
    seems = f"its separator seems to be {sign!r}, and " if sign else ""
    return (
        f"{seems}cells are separated by a comma, a semicolon, a tab or |: write it with one of"
        " these, or "
    )


def _check_label(field: pa.Field, manifest: str) -> None:
    kind = label_type(field.type)
    if (is_text(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind)
            or pa.types.is_null(kind)):  # fmt: skip
        return
    way_out = ""
    if pa.types.is_floating(kind):
        way_out = " write whole numbers as such (pandas: astype('Int64')), or"
        if is_list(field.type):
            way_out = " of vectors of 0 and 1 write the classes that are 1, or"
    elif pa.types.is_struct(kind) or pa.types.is_map(kind):
        inner = kind.field(0).name if pa.types.is_struct(kind) and kind.num_fields else "name"
        way_out = (
            f" write the field that names the class as a column (pandas: df['label'] ="
            f" df['{brief(field.name)}'].str['{brief(inner)}']), or"
        )
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        way_out = " write bytes of text as text (pandas: .str.decode('utf-8')), or"
    raise CurateError(
        f"{manifest}: column '{brief(field.name)}' is {brief(str(field.type))}, and a label is a"
        f" text or a whole number;{way_out} name another column with --label."
    )


def _check_key(field: pa.Field, manifest: str) -> None:
    if not _is_key(field.type):
        kind = brief(str(label_type(field.type)))
        raise CurateError(
            f"{manifest}: the key column '{brief(field.name)}' is {kind}, and a key is"
            f" a text or a whole number; name another column with --key, or number the rows with"
            f" --key {NO_KEY}."
        )


def _is_key(column: pa.DataType) -> bool:
    kind = column.value_type if pa.types.is_dictionary(column) else column
    return is_text(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind)


def is_list(kind: pa.DataType) -> bool:
    """Tell whether a column of this type holds lists."""
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def label_type(column: pa.DataType) -> pa.DataType:
    """Give the type of one label, of a column of labels or of lists of labels."""
    kind = column.value_type if is_list(column) else column
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def is_bytes(kind: pa.DataType) -> bool:
    """Tell whether a column of this type holds bytes."""
    return bool(
        pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind)
        or pa.types.is_fixed_size_binary(kind)
    )  # fmt: skip


def is_text(kind: pa.DataType) -> bool:
    """Tell whether a column of this type holds text."""
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )
