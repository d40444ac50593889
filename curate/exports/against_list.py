"""The list beside an output of the rows that --against left out of it."""

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from curate.errors import CurateError
from curate.options.export import ExportOptions
from curate.store.atomic import appearing_file
from curate.store.mirror import bring, look
from curate.store.sent import remove_file

OUTPUT = "curate.output"
"""Under this key a list says which output it is of: train.csv and train.parquet have one name."""


def require_free(options: ExportOptions) -> None:
    """Raise CurateError where a list is there that is of another output or may not be replaced."""
    path, owner = options.list_against, _output(options)
    if owner == options.out.name and options.against is None and not options.overwrite:
        raise CurateError(
            f"{path} lists what an earlier export to this place left out, and is not true of a new"
            " one; remove it with --overwrite or name another place with --out."
        )
    if options.against is None or not look(path).exists():
        return
    if owner is not None and owner != options.out.name:
        raise CurateError(
            f"{path} lists what was left out of {owner}; name another place with --out."
        )
    if not options.overwrite:
        raise CurateError(
            f"{path} exists; replace it with --overwrite or name another place with --out."
        )


def replace_list(options: ExportOptions, against: pl.DataFrame | None) -> None:
    """Write the list of this export, or remove that of an earlier one where it has none."""
    if against is not None:
        with appearing_file(options.list_against) as listed:
            against.write_parquet(listed, metadata={OUTPUT: options.out.name})
    elif _output(options) == options.out.name:
        remove_file(options.list_against)


def _output(options: ExportOptions) -> str | None:
    """Say which output the list is of; None where there is none, or a file of the user's."""
    path = options.list_against
    if not look(path).is_file():
        return None
    try:
        facts = pq.read_metadata(bring(path)).metadata or {}
    except pa.ArrowException:
        return None
    output = facts.get(OUTPUT.encode())
    return None if output is None else output.decode()
