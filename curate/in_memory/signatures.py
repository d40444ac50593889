"""The types of the functions, as editors and type checkers read them.

A ParamSpec stands for the fields of the options after the first, which is positional here.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar, cast, overload

import polars as pl
from numpy.typing import ArrayLike

from curate.options.in_python import Arguments, python_function

P = ParamSpec("P")
Options = TypeVar("Options")
Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)

if TYPE_CHECKING:
    from curate.options.paths import InMemoryTable

    Table = TypeVar("Table", bound=InMemoryTable)


class Weighs(Protocol[P]):
    """`curate.weight`: what is given decides what comes back."""

    @overload
    def __call__(
        self, manifest: str | Path, *given: P.args, **options: P.kwargs
    ) -> pl.LazyFrame: ...
    @overload
    def __call__(self, manifest: "Table", *given: P.args, **options: P.kwargs) -> "Table": ...
    @overload
    def __call__(
        self, *, labels: Sequence[Any] | ArrayLike, embeddings: ArrayLike, **options: Any
    ) -> pl.DataFrame: ...


class GivesBack(Protocol[P]):
    """Takes a file and scans its output, or takes a table and gives it back with more columns."""

    @overload
    def __call__(
        self, weighted: str | Path, *given: P.args, **options: P.kwargs
    ) -> pl.LazyFrame: ...
    @overload
    def __call__(self, weighted: "Table", *given: P.args, **options: P.kwargs) -> "Table": ...


class Reads(Protocol[P, Result_co]):
    """Takes a file or a table, and returns something else."""

    def __call__(
        self, rows: "str | Path | InMemoryTable", *given: P.args, **options: P.kwargs
    ) -> Result_co:
        """Run the command."""
        ...


def weighs(
    name: str,
    options: Callable[Concatenate[Path, P], Options],
    run: Callable[[Arguments[Options]], Any],
    doc: str,
) -> Weighs[P]:
    """Make a function of options that weighs."""
    return cast(Weighs[P], python_function(name, options, run, doc))


def gives_back(
    name: str,
    options: Callable[Concatenate[Path, P], Options],
    run: Callable[[Arguments[Options]], Any],
    doc: str,
) -> GivesBack[P]:
    """Make a function of options that adds columns."""
    return cast(GivesBack[P], python_function(name, options, run, doc))


def reads(
    name: str,
    options: Callable[Concatenate[Path, P], Options],
    run: Callable[[Arguments[Options]], Result],
    doc: str,
) -> Reads[P, Result]:
    """Make a function of options that reads."""
    return cast(Reads[P, Result], python_function(name, options, run, doc))
