"""What Hugging Face's `save_to_disk` writes: a folder of Arrow files."""

import json
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from curate.errors import CurateError
from curate.manifest.embeddings import numeric_order
from curate.manifest.parquet import write_parquet
from curate.manifest.shared_schema import conform, shared_schema
from curate.store.mirror import bring
from curate.terminal.printable import brief, listed
from curate.terminal.skipped import Skipped

ARROW, STATE, SPLITS = ".arrow", "state.json", "dataset_dict.json"
ALSO_ARROW = (ARROW, ".feather", ".ipc")
"""Endings of a single Arrow file; in a folder only the first is looked for."""


def arrow_files(folder: Path) -> list[Path]:
    """List the Arrow files of a folder, in the order of its state.json; empty if it has none.

    Raises CurateError for a folder of splits, for a missing file that state.json names, and for
    rows that were chosen or reordered after they were written.
    """
    if (folder / SPLITS).is_file():
        splits = sorted(each.name for each in folder.iterdir() if (each / STATE).is_file())
        usual = next((name for name in splits if name.startswith("train")), (splits or [""])[0])
        command = f"curate weight {shlex.quote(str(folder / usual))}"
        raise CurateError(
            f"{folder} holds the splits {listed(splits)}, each a dataset of its own;"
            f" weigh one, such as {command}, or all of them: datasets.concatenate_datasets([*"
            f"datasets.load_from_disk({str(folder)!r}).values()]).save_to_disk(...)."
        )
    state = _state(folder)
    if state.get("_indices_data_files") or state.get("_indices_files"):
        raise CurateError(
            f"{folder}: rows were chosen or reordered after they were written; save it again with"
            " dataset.flatten_indices().save_to_disk(...)."
        )
    told = [folder / Path(each["filename"]).name for each in state.get("_data_files", [])]
    lost = [file for file in told if not file.is_file()]
    if lost:
        raise CurateError(f"{folder} lacks {lost[0].name}, which its {STATE} names; copy it again.")
    found = (file for file in folder.glob(f"[!.]*{ARROW}") if not file.name.startswith("cache-"))
    return told or sorted(found, key=numeric_order)


def _state(folder: Path) -> dict[str, list[dict[str, str]]]:
    try:
        state = json.loads(bring(folder / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def arrow_to_parquet(files: Sequence[Path], target: Path) -> tuple[Skipped, ...]:
    """Write the rows of Arrow files, of either kind, as one Parquet file; rows are streamed."""
    schema, lacking = shared_schema([(file, next(_batches(file)).schema) for file in files])
    tables = (
        pa.Table.from_batches([conform(batch, schema)], schema)
        for file in files
        for batch in _batches(file)
    )
    write_parquet(target, tables, {})
    return lacking


def _batches(file: Path) -> Iterator[pa.RecordBatch]:
    """Give an empty batch, for the schema, and then all."""
    try:
        with pa.memory_map(str(bring(file))) as source:
            if source.read(6) == b"ARROW1":
                reader = pa.ipc.open_file(source)
                yield _empty(reader.schema)
                yield from map(reader.get_batch, range(reader.num_record_batches))
                return
            source.seek(0)
            stream = pa.ipc.open_stream(source)
            yield _empty(stream.schema)
            yield from stream
    except (pa.ArrowException, OSError) as error:
        raise CurateError(
            f"{file} is not a whole Arrow file ({brief(str(error))}); copy or write it again."
        ) from error


def _empty(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([], kind) for kind in schema.types], schema=schema)
