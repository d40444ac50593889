"""Refuse, before any work starts, an export that cannot be."""

from curate.errors import CurateError
from curate.exports.against_list import require_free
from curate.exports.format import Format, InFiles, load_format
from curate.manifest.columns import is_text
from curate.manifest.keys import check_keys
from curate.manifest.pictures import check_paths
from curate.options.export import SOFT, ExportOptions
from curate.store.atomic import EXPORTED, clear_unfinished
from curate.store.mirror import look
from curate.store.sent import require_writable
from curate.terminal.printable import listed
from curate.weighted.weighted import Weighted


def possible_format(options: ExportOptions) -> Format:
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
    if not options.engine_options.is_local and not isinstance(format_.output, InFiles):
        raise CurateError(
            f"--engine {options.engine}: --to {options.to} is written from the first row to the"
            " last on this machine; leave --engine out, or export to webdataset or huggingface."
        )
    return format_


def check_export(weighted: Weighted, options: ExportOptions, format_: Format) -> None:
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
    require_free(options)
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
