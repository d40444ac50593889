"""`curate export`: choose, write, read back, and only then let it appear."""

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table
from rich.text import Text

from curate.errors import CurateError
from curate.exports.against import rows_against, say_unread
from curate.exports.check import Digest
from curate.exports.format import Format, load_format
from curate.exports.job import Job
from curate.exports.record import Column, crawl_record, fixed_record
from curate.exports.select_rows import select_rows
from curate.exports.write import write_batches
from curate.manifest.columns import is_text
from curate.manifest.keys import check_keys
from curate.manifest.pictures import check_paths
from curate.options.export import SOFT, ExportOptions
from curate.options.weight import WeightOptions
from curate.store.atomic import EXPORTED, appearing_file, appearing_folder, clear_unfinished
from curate.store.folders import Folders
from curate.store.mirror import look
from curate.store.scratch import scratch_folder
from curate.store.sent import require_writable
from curate.store.versions import today, versions
from curate.terminal.notices import say, warn
from curate.terminal.printable import listed, printable
from curate.terminal.progress import progress_bar
from curate.terminal.skipped import Skipped
from curate.weighted.open import open_weighted
from curate.weighted.origin import save_sidecar
from curate.weighted.provenance import making
from curate.weighted.weighted import Weighted


@dataclass(frozen=True)
class Exported:
    """What an export left, and what it counted."""

    out: Path
    rows: int
    """Rows that were written."""
    of: int
    """Rows of the crawl."""
    parts: dict[str, int]
    """Rows of each part of the split."""
    skipped: tuple[Skipped, ...]
    """Rows without a picture that can be read, and columns that the format cannot hold."""
    reader: str
    """The library that read it back."""


def export_and_report(options: ExportOptions, quiet: bool = False) -> None:
    """Export; the summary goes to standard output, progress to standard error."""
    beside = Console(stderr=True, quiet=quiet)
    exported = export(options, beside)
    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_row("rows", f"{exported.rows:,} of {exported.of:,}")
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
    format_ = _format(options)
    if options.keep is None:
        options = replace(options, keep=format_.keep)
    with scratch_folder() as scratch:
        weighted = open_weighted(options.source, Folders(scratch))
        _check(weighted, options, format_)
        against = _against(weighted, options, console)
        left_out = None if against is None else against["row"]
        chosen = Path(scratch, "chosen.parquet")
        select_rows(weighted, options.select, left_out).sink_parquet(chosen)
        job = _job(weighted, options, format_, chosen, against)
        appearing = appearing_file if format_.endings else appearing_folder
        with appearing(options.out) as unfinished:
            with progress_bar(console, "Exporting", job.rows) as advance:
                written = write_batches(job, format_, unfinished, advance)
            reader = _check_written(job, format_, unfinished, written.digest, console)
            weighted.require_unchanged()
            columns = Skipped.of(f"columns that {options.to} cannot hold", job.record.left_out)
            exported = Exported(
                out=options.out,
                rows=written.digest.rows,
                of=weighted.rows,
                parts=written.parts,
                skipped=(*written.skipped, *columns, *_skipped(options, against)),
                reader=reader,
            )
            if against is not None:
                with appearing_file(options.list_against) as listed:
                    against.write_parquet(listed)
            _say_what_made_it(job, exported, format_, unfinished)
    return exported


def _against(weighted: Weighted, options: ExportOptions, console: Console) -> pl.DataFrame | None:
    """List the rows that are copies of another manifest's: row, key, against; None without one."""
    if options.against is None:
        return None
    other = WeightOptions(options.against, image=options.image, label=options.label)
    found = rows_against(weighted, other, options.out, console)
    say_unread(options.against, found.unread, console)
    return found.rows


def _skipped(options: ExportOptions, against: pl.DataFrame | None) -> tuple[Skipped, ...]:
    """Say which rows were left out for that."""
    if against is None:
        return ()
    what = f"copies of rows of {options.against} (all in {options.list_against})"
    return Skipped.of(what, against["key"])


def _say_what_made_it(job: Job, exported: Exported, format_: Format, unfinished: Path) -> None:
    """Write it into the folder, last, or beside the file; Parquet has it in its metadata."""
    facts = {"made": [each.as_json() for each in job.made], "exported": asdict(exported)}
    if not format_.endings:
        text = json.dumps(facts, indent=1, default=str, ensure_ascii=False)
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
        if options.url is not None:
            record.columns.append(Column("url", options.url, True))
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


def _check_written(job: Job, format_: Format, path: Path, written: Digest, console: Console) -> str:
    """Read back what was written; returns who read it."""
    if not written.rows:
        raise CurateError(
            f"none of the {job.rows:,} chosen rows of {job.weighted.path} has a picture that can"
            " be read; name the folder that image paths start from with --root."
        )
    reader, rows = format_.read(job, path)
    found = Digest()
    with progress_bar(console, "Reading back", written.rows) as advance:
        for row in rows:
            found.add(row)
            advance(1)
    written.require(found, str(job.options.out))
    return reader


def _format(options: ExportOptions) -> Format:
    """Find the format; raises CurateError for an unknown one, and for what it cannot do."""
    format_ = load_format(options.to)
    if format_.endings and options.out.suffix not in format_.endings:
        raise CurateError(
            f"--out {options.out}: --to {options.to} writes one file; name one that ends in"
            f" {' or '.join(format_.endings)}."
        )
    if options.labels == SOFT and not format_.soft:
        raise CurateError(
            f"--to {options.to} holds one label for each image, and --labels soft has several with"
            " their shares; export to parquet, jsonl, webdataset or huggingface."
        )
    if options.select.shares and not format_.splits:
        raise CurateError(
            f"--to {options.to} is one list, which has no parts; leave --split out, or export to"
            " another format."
        )
    return format_


def _check(weighted: Weighted, options: ExportOptions, format_: Format) -> None:
    """Refuse, before any work starts, what would fail later."""
    manifest = weighted.manifest
    if manifest.has_label_lists and not format_.lists:
        raise CurateError(
            f"--to {options.to} holds one label for each image, and column"
            f" '{manifest.columns.label}' of {weighted.path} holds lists; export to parquet,"
            " jsonl, webdataset, huggingface or fiftyone."
        )
    check_keys(manifest)
    if options.url is not None:
        _check_url(weighted, options)
    elif format_.pictures:
        check_paths(manifest)
    _check_out(weighted, options, format_)


def _check_url(weighted: Weighted, options: ExportOptions) -> None:
    """Refuse URLs where nothing shows them, and a column that the crawl does not have."""
    if options.to != "label-studio":
        raise CurateError(
            f"--url: --to {options.to} takes pictures, not their URLs; leave --url out."
        )
    schema = weighted.manifest.schema
    if options.url not in schema.names or not is_text(schema.field(options.url).type):
        texts = [field.name for field in schema if is_text(field.type)]
        raise CurateError(
            f"--url {options.url}: {weighted.path} has no such column of texts; those that it has"
            f" are: {listed(texts)}."
        )


def _check_out(weighted: Weighted, options: ExportOptions, format_: Format) -> None:
    """Refuse an output that is or holds an input, lies among inputs, or stands there already.

    Of the folders there, only one that an export wrote is replaced.
    """
    look(options.out)
    out, manifest = options.out.resolve(), weighted.manifest
    inputs = {part.path.resolve() for part in manifest.parts}
    inputs |= {weighted.path.resolve(), manifest.path.resolve()}
    if weighted.run is not None:
        inputs.add(weighted.run.resolve())
    if any(path.is_relative_to(out) for path in inputs):
        raise CurateError(
            f"--out {options.out} is or holds what is exported, which is never changed; name"
            " another place."
        )
    if manifest.path.is_dir() and out.is_relative_to(manifest.path.resolve()):
        raise CurateError(
            f"--out {options.out} lies in the crawl's folder, whose files are all input; name a"
            " place outside of it."
        )
    if (
        options.against is not None
        and look(options.list_against).exists()
        and not options.overwrite
    ):
        raise CurateError(
            f"{options.list_against} exists; replace it with --overwrite or name another place with"
            " --out."
        )
    require_writable(options.out)
    clear_unfinished(options.out)
    if not options.out.exists():
        return
    if not options.overwrite:
        raise CurateError(
            f"{options.out} exists; replace it with --overwrite or name another place with --out."
        )
    if options.out.is_dir() and (format_.endings or not (options.out / EXPORTED).is_file()):
        raise CurateError(
            f"--out {options.out} is a folder that curate has not exported, and so is not"
            " replaced; name another place."
        )
    if options.out.is_file() and not format_.endings:
        raise CurateError(f"--out {options.out} is a file; name a folder.")
