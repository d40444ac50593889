"""A command for typer, made of a dataclass of options."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from copy import copy
from dataclasses import fields
from functools import wraps
from inspect import Parameter, Signature
from pathlib import Path
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

import typer
from typer.models import ParameterInfo

from curate.options.choices import words_of
from curate.options.defaults import default_of
from curate.options.paths import OptionalArray, OptionalPath, OptionalTable, RequiredPath
from curate.store.fetching import fetches
from curate.store.urls import CACHE, SIZE

Options = TypeVar("Options")
PATHS = {
    OptionalPath: Path | None,
    OptionalTable: Path | None,
    OptionalArray: Path | None,
    RequiredPath: Path,
}


class Typed(NamedTuple):
    """Says in a field's annotation what typer reads, where Python may be given more."""

    type: Any


def takes_options(
    options: type[Options],
) -> Callable[[Callable[[Options, bool], None]], Callable[..., None]]:
    """Make a command of a function that takes ``options``, and whether it is quiet.

    Every command has --quiet, --debug, and --help-all where an option is hidden.
    """

    def command(run: Callable[[Options, bool], None]) -> Callable[..., None]:
        @wraps(run)
        def call(quiet: bool, debug: bool, help_all: bool = False, **given: Any) -> None:
            _set_cache(given.pop("cache_dir"), given.pop("cache_size"))
            if not quiet:
                fetches.show = _fetch_bar
            run(options(**given), quiet)

        parameters = _parameters(options)
        call.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
        call.__annotations__ = {each.name: each.annotation for each in parameters}
        return call

    return command


def _parameters(options: type) -> list[Parameter]:
    """Give what typer reads; --help-all only where an option is hidden."""
    hints = get_type_hints(options, include_extras=True)
    own = [
        _parameter(each.name, _kind(hints[each.name]), default_of(each)) for each in fields(options)
    ]
    own.append(_parameter("quiet", QUIET, False))
    own += [_parameter("cache_dir", CACHE_DIR, None), _parameter("cache_size", CACHE_SIZE, None)]
    own.append(_parameter("debug", DEBUG, False))
    if any(map(_is_hidden, own)):
        own.append(_parameter("help_all", HELP_ALL, False))
    return own


def _is_hidden(parameter: Parameter) -> bool:
    return any(getattr(told, "hidden", False) for told in get_args(parameter.annotation))


def _parameter(name: str, kind: Any, default: Any) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=kind)


def _kind(hint: Any) -> Any:
    """Give a field's annotation as typer takes it."""
    kind, *told = get_args(hint)
    (info,) = (each for each in told if isinstance(each, ParameterInfo))
    for typed in (each for each in told if isinstance(each, Typed)):
        return Annotated[typed.type, info]
    words = [word for word in words_of(kind) if word is not None]
    if not words:
        return Annotated[PATHS.get(kind, kind), info]
    # typer shows the words, and `check_choices` refuses others in a sentence of ours.
    info = copy(info)
    info.metavar = f"[{'|'.join(words)}]"
    info.autocompletion = lambda: words
    return Annotated[str if get_origin(kind) is Literal else str | None, info]


def _set_cache(folder: Path | None, size: float | None) -> None:
    """Say it to this process and those that it starts."""
    if folder is not None:
        os.environ[CACHE] = str(folder.absolute())
    if size is not None:
        os.environ[SIZE] = str(size)


def _fetch_bar(name: str, size: int) -> AbstractContextManager[Callable[[int], None]]:
    from curate.terminal.progress import fetch_bar

    return fetch_bar(name, size)


def _set_debug(context: typer.Context, value: bool) -> None:
    if value:
        context.find_root().meta["debug"] = True


def _show_all(context: typer.Context, value: bool) -> None:
    if value:
        for parameter in context.command.params:
            parameter.hidden = False  # type: ignore[attr-defined]
        typer.echo(context.get_help())
        raise typer.Exit


QUIET = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Print errors and warnings only, on standard error."),
]
DEBUG = Annotated[
    bool, typer.Option("--debug", help="Show the traceback of an error.", callback=_set_debug)
]
CACHE_DIR = Annotated[
    Path | None,
    typer.Option(
        help=f"Where files of s3://, gs://, az:// and hf:// are kept. Default: ${CACHE}, or"
        " ~/.cache/curate.",
        show_default=False,
    ),
]
CACHE_SIZE = Annotated[
    float | None,
    typer.Option(
        help="GB of them that are kept; what was used longest ago goes first. Default: 64.",
        min=0,
        show_default=False,
    ),
]
HELP_ALL = Annotated[
    bool,
    typer.Option(
        "--help-all",
        help="Also show the fine options of SINet's method.",
        callback=_show_all,
        is_eager=True,
    ),
]
