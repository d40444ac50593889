"""`curate export`: choose, write, read back, and only then let it appear."""

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table
from rich.text import Text

from curate.cluster.open import open_engine, shared_home
from curate.errors import CurateError
from curate.exports.against import rows_against, say_uncompared
from curate.exports.against_list import replace_list
from curate.exports.format import Format, InOrder
from curate.exports.job import Job
from curate.exports.pieces import cut
from curate.exports.possible import check_export, possible_format
from curate.exports.record import crawl_record, fixed_record
from curate.exports.select_rows import copies_left_out, select_rows
from curate.exports.tar_fields import add_fields
from curate.exports.write import WriteInOrder
from curate.exports.write_files import Place, WriteFiles
from curate.exports.written import Written
from curate.options.export import ALL, ExportOptions, Keep
from curate.options.weight import WeightOptions
from curate.store.atomic import EXPORTED, appearing_file, appearing_folder
from curate.store.engine import Engine
from curate.store.folders import Folders
from curate.store.scratch import scratch_folder
from curate.store.urls import named_as_given, shown_urls
from curate.store.versions import today, versions
from curate.terminal.notices import say, warn
from curate.terminal.printable import printable
from curate.terminal.progress import progress_bar
from curate.terminal.skipped import Skipped
from curate.weighted.columns import COPY_NAMES
from curate.weighted.open import open_weighted
from curate.weighted.origin import save_sidecar
from curate.weighted.provenance import making
from curate.weighted.weighted import Weighted


@dataclass(frozen=True)
class Exported:
    """What an export left, and what it counted."""

    out: Path | str
    """The file or folder; a URL where it is in a store."""
    rows: int
    """Rows that were written."""
    of: int
    """Rows of the crawl."""
    keep: Keep
    """Which of them were wanted."""
    parts: dict[str, int]
    """Rows of each part of the split."""
    skipped: tuple[Skipped, ...]
    """Rows without a picture that can be read, columns that the format cannot hold, rows whose tar
    is gone with the fields of its JSON, copies of rows of ``against``, and copies that
    ``duplicates="first"`` leaves out."""
    reader: str
    """The library that read it back."""


def export_and_report(options: ExportOptions, quiet: bool = False) -> None:
    """Export; the summary goes to standard output, progress to standard error."""
    beside = Console(stderr=True, quiet=quiet)
    exported = export(options, beside)
    table = Table.grid(padding=(0, 3, 0, 0))
    by = f", by --keep {exported.keep}" if exported.keep != ALL else ""
    table.add_row("rows", f"{exported.rows:,} of {exported.of:,}{by}")
    if options.select.shares:
        for part, rows in exported.parts.items():
            table.add_row(f"  {part}", f"{rows:,}")
    for each in exported.skipped:
        table.add_row("left out", Text(printable(str(each))))
        if quiet:
            warn(beside, "Left out", str(each))
    table.add_row("read back", f"the same rows, by {exported.reader}")
    console = Console(quiet=quiet)
    console.print(table)
    say(console, f"Written: {exported.out}")


def export(options: ExportOptions, console: Console) -> Exported:
    """Write a weighted manifest for a trainer; progress goes to ``console``.

    The output appears when it was read back and is what was chosen. Raises CurateError for
    everything that the user can mend.
    """
    format_ = possible_format(options)
    if options.keep is None:
        options = replace(options, keep=format_.keep)
    with (
        open_engine(options.engine_options, console) as engine,
        scratch_folder(shared_home(options.engine_options, options.out)) as scratch,
    ):
        engine.require_shared(scratch, "--out")
        weighted = open_weighted(options.source, Folders(scratch))
        check_export(weighted, options, format_)
        _say_copies_apart(weighted, options, console)
        against = _against(weighted, options, engine, console)
        left_out = None if against is None else against["row"]
        chosen = Path(scratch, "chosen.parquet")
        select_rows(weighted, options.select, left_out).sink_parquet(chosen)
        lost = _with_fields(weighted, options, format_, chosen, console)
        job = _job(weighted, options, format_, chosen, against)
        appearing = appearing_file if format_.endings else appearing_folder
        with appearing(options.out) as unfinished:
            writing = _writing(job, format_, unfinished, engine)
            written, reader = _written(job, writing, console)
            weighted.require_unchanged()
            copies = copies_left_out(weighted, options.select, left_out)
            columns = Skipped.of(f"columns that {options.to} cannot hold", job.record.left_out)
            exported = Exported(
                out=named_as_given(options.out),
                rows=written.digest.rows,
                of=weighted.rows,
                keep=options.keep or format_.keep,
                parts={part: written.parts.get(part, 0) for part in job.parts},
                skipped=(*written.skipped, *columns, *lost, *_skipped(options, against), *copies),
                reader=reader,
            )
            replace_list(options, against)
            _say_what_made_it(job, exported, format_, unfinished)
    return exported


def _say_copies_apart(weighted: Weighted, options: ExportOptions, console: Console) -> None:
    """Warn of a split of rows of which nobody knows which are copies."""
    if options.select.shares and not set(COPY_NAMES) <= set(weighted.names):
        warn(
            console, "--split",
            f"{weighted.path} does not say which rows are copies, so that copies of a picture may"
            " be in several parts; weigh it again, without --no-duplicates.",
        )  # fmt: skip


def _against(
    weighted: Weighted, options: ExportOptions, engine: Engine, console: Console
) -> pl.DataFrame | None:
    """List the rows that are copies of another manifest's: row, key, against; None without one."""
    if options.against is None:
        return None
    other = WeightOptions(options.against, image=options.image, label=options.label)
    found = rows_against(weighted, other, options.out, engine, console)
    say_uncompared(options.against, found, console)
    return found.rows


def _skipped(options: ExportOptions, against: pl.DataFrame | None) -> tuple[Skipped, ...]:
    """Say which rows were left out for that."""
    if against is None:
        return ()
    what = f"copies of rows of {options.against} (all in {options.list_against})"
    return Skipped.of(what, against["key"])


def _with_fields(
    weighted: Weighted, options: ExportOptions, format_: Format, chosen: Path, console: Console
) -> tuple[Skipped, ...]:
    """Add the fields of JSON in tars to the chosen rows, for a format that has them as columns."""
    if not (weighted.manifest.in_tars and format_.fields and format_.holds is not None):
        return ()
    nested = format_.holds(pa.list_(pa.string()))
    rows = pq.read_metadata(chosen).num_rows
    with progress_bar(console, "Reading JSON", rows) as advance:
        return add_fields(weighted, options, chosen, nested, advance)


def _say_what_made_it(job: Job, exported: Exported, format_: Format, unfinished: Path) -> None:
    """Write it into the folder, last, or beside the file; Parquet has it in its metadata."""
    facts = {"made": [each.as_json() for each in job.made], "exported": asdict(exported)}
    if not format_.endings:
        text = shown_urls(json.dumps(facts, indent=1, default=str, ensure_ascii=False))
        (unfinished / EXPORTED).write_text(text, encoding="utf-8")
        os.sync()
    elif job.options.to != "parquet":
        save_sidecar(facts, job.options.out, unfinished)


def _job(
    weighted: Weighted,
    options: ExportOptions,
    format_: Format,
    chosen: Path,
    against: pl.DataFrame | None,
) -> Job:
    schema = pq.read_schema(chosen)
    if format_.holds is None:
        record = fixed_record(schema, format_.columns, options)
    else:
        record = crawl_record(weighted, schema, options, format_.holds, format_.pictures)
    made = making("export", options, options.out, versions(), today())
    history = (*weighted.origin.made, made)
    pictures = format_.pictures and options.url is None
    job = Job(weighted, options, record, chosen, pictures, history)
    if not job.rows:
        raise CurateError(_nothing_left(weighted, options, against))
    return job


def _nothing_left(weighted: Weighted, options: ExportOptions, against: pl.DataFrame | None) -> str:
    """Say why no row is left."""
    asked = {"--min-quality": options.min_quality, "--noise-type": options.noise_type}
    filters = "".join(f" {name} {value}" for name, value in asked.items() if value is not None)
    kept = f"--keep {options.keep}{filters}"
    if against is None or not len(against):
        return f"no row of {weighted.path} is left by {kept}; keep more."
    others = f", and {kept} the others" if len(against) < weighted.rows else ""
    return (
        f"no row of {weighted.path} is left: --against {options.against} leaves out"
        f" {len(against):,} of {weighted.rows:,}{others}; name another manifest."
    )


def _writing(job: Job, format_: Format, path: Path, engine: Engine) -> WriteInOrder | WriteFiles:
    """Choose who writes: workers where there are files that do not depend on each other."""
    if isinstance(format_.output, InOrder):
        return WriteInOrder(job, format_, format_.output, path)
    engine.require_shared(path, "--out")
    pieces = cut(job.chosen, job.parts, job.options.rows_per_shard)
    return WriteFiles(Place(job, path), pieces, engine)


def _written(job: Job, writing: WriteInOrder | WriteFiles, console: Console) -> tuple[Written, str]:
    """Write, and read back what was written; gives who read it too."""
    with progress_bar(console, "Exporting", job.rows) as advance:
        written = writing.write(advance)
    if not written.digest.rows:
        raise CurateError(
            f"none of the {job.rows:,} chosen rows of {job.weighted.path} has a picture that can"
            " be read; name the folder that image paths start from with --root."
        )
    with progress_bar(console, "Reading back", written.digest.rows) as advance:
        reader, found = writing.read(advance)
    written.digest.require(found, str(job.options.out))
    return written, reader
