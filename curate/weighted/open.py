"""Open a weighted manifest: find what it was made from, and check that it is whole."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from curate.errors import CurateError
from curate.manifest.columns import label_names
from curate.manifest.manifest import Manifest, Part
from curate.manifest.open import in_tar_names, open_manifest, require_exists, table_part
from curate.manifest.plan import plan_name
from curate.options.columns import ColumnOptions
from curate.options.weighted import WeightedOptions
from curate.store.folders import Folders
from curate.store.mirror import look
from curate.store.run import MARKER, Run
from curate.store.urls import is_remote
from curate.terminal.printable import brief_path
from curate.weighted.columns import TAR_COLUMNS
from curate.weighted.numbers import require_numbers
from curate.weighted.origin import Origin, read_origin
from curate.weighted.same_labels import require_same_labels
from curate.weighted.slim import in_crawl_order
from curate.weighted.weighted import NUMBERS, Weighted
from curate.weighted.work import known_names


def open_weighted(options: WeightedOptions, frozen: Folders) -> Weighted:
    """Open what `curate weight` wrote; CSV and JSON lines are converted to Parquet in ``frozen``.

    Raises CurateError for a file that does not exist, for one that curate did not weigh, and for
    one without labels whose manifest is gone.
    """
    path = options.path
    require_exists(path)
    if path.is_dir():
        raise CurateError(
            f"{path} is a folder; give the file that `curate weight` wrote{_weighed_beside(path)}."
        )
    part, schema = table_part(path, frozen)
    origin = read_origin(path) or _guess(path)
    prefix = origin.prefix if options.prefix is None else options.prefix
    if prefix + "label_quality" not in schema.names:
        raise CurateError(
            f"{path} has no column '{prefix}label_quality'; give what `curate weight` wrote"
            f"{_weighed_beside(path)} (with its --prefix, if it was given one)."
        )
    run = options.run_dir or origin.run
    if options.run_dir is not None and not look(run / MARKER).exists():
        raise CurateError(
            f"--run-dir {run} is not a run folder; name the one in which `curate weight` kept"
            " its work."
        )
    manifest = _manifest(options, origin, part, schema, frozen)
    numbers = [name for name in NUMBERS if prefix + name in schema.names]
    require_numbers(str(path), part, schema, numbers, prefix, manifest.has_label_lists)
    exists = look(run / MARKER).exists()
    work = origin.work or (Run(run).recorded().get("work") if exists else None)
    plan = None
    if manifest.parts != (part,):
        names = known_names(run, work) if exists else None
        plan = None if names is None else names.plan
        part = in_crawl_order(path, part, schema, manifest, plan, frozen)
    origin = replace(origin, run=run, prefix=prefix, work=work)
    found = Weighted(path, part, schema, manifest, prefix, run if exists else None, work, origin)
    if plan not in (None, plan_name(manifest)):
        require_same_labels(found, found.work())
    return found


def _manifest(
    options: WeightedOptions, origin: Origin, part: Part, schema: pa.Schema, frozen: Folders
) -> Manifest:
    """Open the file as a manifest where it has labels, else the manifest that it was made from."""
    named = _first(options.columns, origin.columns)
    known = is_remote(origin.root) or origin.root.is_dir()
    root = options.root or (origin.root if known else None)
    has_labels = any(name in schema.names for name in label_names(named))
    if not has_labels and not look(origin.manifest).exists():
        raise CurateError(
            f"{options.path} has no labels, and {origin.manifest}, which it was made from, is not"
            " there; weigh it again without --slim, or name its label column with --label."
        )
    if not has_labels:
        return open_manifest(origin.manifest, named, root, frozen)
    in_tars = set(schema.names) >= TAR_COLUMNS
    named = in_tar_names(named) if in_tars else named
    manifest = open_manifest(options.path, named, root, frozen)
    return replace(manifest, parts=(part,), in_tars=in_tars)


def _weighed_beside(path: Path) -> str:
    """Name the file that `curate weight` would have written of this one, where it is there."""
    stem = path.name if path.is_dir() else path.stem
    names = (f"{stem}.weighted{ending}" for ending in (".parquet", ".csv", ".jsonl"))
    found = [name for name in names if look(path.absolute().with_name(name)).exists()]
    return f", {brief_path(path.parent / found[0])}" if found else ""


def _first(named: ColumnOptions, known: ColumnOptions) -> ColumnOptions:
    """Take the user's column names, else those that the file records."""
    chosen = {name: column or getattr(known, name) for name, column in vars(named).items()}
    return ColumnOptions(**chosen)


def _guess(weighted: Path) -> Origin:
    """Guess where a file comes from by the names that `curate weight` chooses by default."""
    stem = weighted.name.removesuffix(weighted.suffix).removesuffix(".weighted")
    manifest = weighted.absolute().with_name(stem + weighted.suffix)
    home = manifest.parent
    return Origin(manifest, home / f"{manifest.name}.curate", home, ColumnOptions())
