"""The commands as functions: their options are keywords."""

import glob
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rich.console import Console

from curate.commands.export import Exported
from curate.commands.export import export as export_for_trainers
from curate.commands.refine import refine as correct
from curate.commands.weight import weigh
from curate.errors import CurateError
from curate.manifest.formulas import formula_table
from curate.options.columns import ColumnOptions
from curate.options.export import ExportOptions, SelectOptions
from curate.options.refine import RefineOptions
from curate.options.weight import MethodOptions, WeightOptions
from curate.options.weighted import WeightedOptions
from curate.weighted.row_features import row_features

METHOD = {
    "gamma": "gamma", "epsilon": "epsilon", "psi": "psi", "tau_v": "tau_v", "tau_t": "tau_t",
    "prototypes": "prototypes", "rounds": "rounds", "prototypes_per_class": "per_class",
    "verified_use": "verified",
}  # fmt: skip
"""Options of the command -> fields of MethodOptions."""
KINDS = (WeightOptions, RefineOptions, ExportOptions, WeightedOptions, SelectOptions, ColumnOptions)
FIELDS = [field for kind in KINDS for field in fields(kind)]
KEYWORDS = {*METHOD, *(field.name for field in FIELDS)}
FLAGS = {field.name for field in FIELDS if field.default is False}
PATHS = ("embeddings", "classes", "out", "run_dir", "root", "verified", "apply")


OPTION = re.compile(r"--([a-z][a-z-]*[a-z])\b")
VALUE_AT_START = re.compile(r"^(\w+=) ")


@contextmanager
def _in_python() -> Iterator[None]:
    """Speak of keywords, not of the command line's options, in errors that can be mended."""
    try:
        yield
    except CurateError as error:
        error.args = (VALUE_AT_START.sub(r"\1", OPTION.sub(_keyword, str(error))),)
        raise


def _keyword(found: re.Match[str]) -> str:
    """Write an option as a keyword; what is no option of ours is left alone."""
    name = found[1].replace("-", "_")
    if name in FLAGS:
        return f"{name}=True"
    return f"{name}=" if name in KEYWORDS else found[0]


def weight(manifest: str | Path, **options: Any) -> pl.LazyFrame:
    """Weigh a manifest; see `curate.weight`."""
    with _in_python():
        chosen = weight_options(manifest, options)
        weigh(chosen, Console(stderr=True))
        return _scan(chosen.output)


def refine(weighted: str | Path, **options: Any) -> pl.LazyFrame:
    """Correct the labels of a weighted manifest; see `curate.refine`."""
    with _in_python():
        chosen = refine_options(weighted, options)
        correct(chosen, Console(stderr=True))
        return _scan(chosen.output)


def export(weighted: str | Path, **options: Any) -> Exported:
    """Export a weighted manifest; see `curate.export`."""
    with _in_python():
        return export_for_trainers(export_options(weighted, options), Console(stderr=True))


def embeddings(
    weighted: str | Path, label: str | None, prefix: str | None, run_dir: str | Path | None
) -> NDArray[np.float16]:
    """Give the features that a manifest was weighed by; see `curate.embeddings`."""
    folder = None if run_dir is None else Path(run_dir)
    columns = ColumnOptions(label=label)
    with _in_python():
        return row_features(WeightedOptions(Path(weighted), columns, prefix=prefix, run_dir=folder))


def weight_options(manifest: str | Path, options: dict[str, Any]) -> WeightOptions:
    """Sort keywords into the options of `curate weight`; raises TypeError for an unknown one."""
    left = _with_paths(options)
    method = {field: left.pop(name) for name, field in METHOD.items() if name in left}
    columns = ColumnOptions(**_taken(left, ColumnOptions))
    ours = _taken(left, WeightOptions, "manifest", "method", "columns")
    _refuse(left, "weight")
    return WeightOptions(
        manifest=Path(manifest), method=MethodOptions(**method), columns=columns, **ours
    )


def refine_options(weighted: str | Path, options: dict[str, Any]) -> RefineOptions:
    """Sort keywords into the options of `curate refine`; raises TypeError for an unknown one."""
    left = _with_paths(options)
    opened = _weighted_options(weighted, left)
    ours = _taken(left, RefineOptions, "weighted")
    _refuse(left, "refine")
    return RefineOptions(weighted=opened, **ours)


def export_options(weighted: str | Path, options: dict[str, Any]) -> ExportOptions:
    """Sort keywords into the options of `curate export`; raises TypeError for an unknown one."""
    left = _with_paths(options)
    opened = _weighted_options(weighted, left)
    select = SelectOptions(**_taken(left, SelectOptions))
    ours = _taken(left, ExportOptions, "weighted", "select")
    _refuse(left, "export")
    return ExportOptions(weighted=opened, select=select, **ours)


def _weighted_options(weighted: str | Path, left: dict[str, Any]) -> WeightedOptions:
    columns = ColumnOptions(**_taken(left, ColumnOptions))
    known = _taken(left, WeightedOptions, "path", "columns")
    return WeightedOptions(path=Path(weighted), columns=columns, **known)


def _scan(output: Path) -> pl.LazyFrame:
    if output.suffix == ".parquet":
        return pl.scan_parquet(output, glob=False)
    if output.suffix == ".jsonl":
        return pl.scan_ndjson(glob.escape(str(output)), infer_schema_length=None)
    return formula_table(pl.scan_csv(output, infer_schema=False, glob=False))


def _with_paths(options: dict[str, Any]) -> dict[str, Any]:
    return {
        name: Path(value) if name in PATHS and isinstance(value, str) else value
        for name, value in options.items()
    }


def _taken(left: dict[str, Any], kind: Any, *others: str) -> dict[str, Any]:
    """Take out of ``left`` what are fields of a dataclass, but not ``others``."""
    names = {field.name for field in fields(kind)} - set(others)
    return {name: left.pop(name) for name in names & left.keys()}


def _refuse(left: dict[str, Any], command: str) -> None:
    for name in left:
        raise TypeError(f"curate.{command}() has no option '{name}'; see curate {command} --help.")
