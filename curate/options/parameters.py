"""One declaration of a command's options, as parameters of a terminal and of a function."""

from collections.abc import Callable
from copy import copy
from dataclasses import MISSING, Field, fields
from functools import wraps
from inspect import Parameter, Signature, formatannotation
from numbers import Integral, Real
from pathlib import Path
from types import UnionType
from typing import (
    Annotated,
    Any,
    Concatenate,
    Literal,
    NamedTuple,
    ParamSpec,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import typer
from typer.models import ParameterInfo

from curate.options.choices import words_of
from curate.options.paths import OptionalPath, RequiredPath

P = ParamSpec("P")
Options = TypeVar("Options")
Result = TypeVar("Result")
NUMBERS: dict[Any, Any] = {float: Real, int: Integral}
"""NumPy's numbers are taken too."""
ON_COMMAND_LINE = {OptionalPath: Path | None, RequiredPath: Path}
IN_PYTHON = {OptionalPath: str | Path | None, RequiredPath: str | Path}


def _set_debug(context: typer.Context, value: bool) -> None:
    if value:
        context.find_root().meta["debug"] = True


def _show_all(context: typer.Context, value: bool) -> None:
    if value:
        for parameter in context.command.params:
            parameter.hidden = False  # type: ignore[attr-defined]
        typer.echo(context.get_help())
        raise typer.Exit


DEBUG = Annotated[
    bool, typer.Option("--debug", help="Show the traceback of an error.", callback=_set_debug)
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


class Typed(NamedTuple):
    """Says in an annotation what typer reads where Python may be given more."""

    type: Any


def takes_options(
    options: type[Options],
) -> Callable[[Callable[[Options], None]], Callable[..., None]]:
    """Make a command for typer of a function that takes ``options`` (a dataclass)."""

    def command(run: Callable[[Options], None]) -> Callable[..., None]:
        @wraps(run)
        def call(debug: bool, help_all: bool = False, **given: Any) -> None:
            run(options(**given))

        parameters = [
            Parameter(each.name, Parameter.KEYWORD_ONLY, default=_default(each), annotation=kind)
            for each, kind in _annotated(options)
        ]
        added = {"debug": DEBUG}
        if any(map(_is_hidden, parameters)):
            added["help_all"] = HELP_ALL
        parameters += [
            Parameter(name, Parameter.KEYWORD_ONLY, default=False, annotation=kind)
            for name, kind in added.items()
        ]
        call.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
        call.__annotations__ = {each.name: each.annotation for each in parameters}
        return call

    return command


def function(
    name: str,
    options: Callable[Concatenate[Path, P], Options],
    run: Callable[[Options], Result],
    doc: str,
) -> Callable[Concatenate[str | Path, P], Result]:
    """Make a function whose parameters are the fields of ``options`` (a dataclass).

    The first field is a path and may be given by place; all others are keywords. The function
    raises TypeError for a keyword that is no field.
    """
    signature = python_signature(options)

    def call(*given: Any, **keywords: Any) -> Result:
        for keyword in keywords:
            if keyword not in signature.parameters:
                raise TypeError(
                    f"curate.{name}() has no option '{keyword}'; see curate {name} --help."
                )
        try:
            bound = signature.bind(*given, **keywords)
        except TypeError as error:
            raise TypeError(f"curate.{name}(): {error}") from None
        for parameter in signature.parameters.values():
            value = bound.arguments.get(parameter.name, parameter.default)
            if not _fits(value, parameter.annotation):
                raise TypeError(
                    f"curate.{name}(): {parameter.name}={value!r} is not what it takes:"
                    f" {formatannotation(parameter.annotation)}."
                )
        first, *rest = signature.parameters
        chosen = {key: bound.arguments[key] for key in rest if key in bound.arguments}
        return run(options(Path(bound.arguments[first]), **chosen))  # type: ignore[call-arg]

    call.__name__ = call.__qualname__ = name
    call.__module__, call.__doc__ = "curate", doc
    call.__signature__ = signature  # type: ignore[attr-defined]
    return cast(Callable[Concatenate[str | Path, P], Result], call)


def _fits(value: object, annotation: Any) -> bool:
    """Tell whether a value is of an annotated type; words are left to `check_choices`."""
    if get_origin(annotation) in (Union, UnionType):
        return any(_fits(value, part) for part in get_args(annotation))
    if get_origin(annotation) is Literal:
        return isinstance(value, str)
    kind = get_origin(annotation) or annotation or type(None)
    if isinstance(value, bool) or kind is bool:
        return isinstance(value, bool) and kind is bool
    if isinstance(value, str):
        return kind is str
    return isinstance(value, NUMBERS.get(kind, kind))


def python_signature(options: Any) -> Signature:
    """Give the signature of a function that takes the fields of a dataclass."""
    return Signature(
        [
            Parameter(
                each.name,
                Parameter.KEYWORD_ONLY if each.kw_only else Parameter.POSITIONAL_OR_KEYWORD,
                default=_default(each),
                annotation=str | Path if not each.kw_only else _python_type(kind),
            )
            for each, kind in _annotated(options, include_typed=False)
        ]
    )


def _annotated(options: Any, include_typed: bool = True) -> list[tuple[Field[Any], Any]]:
    """Give the fields with their types, each with what typer is told of it."""
    hints = get_type_hints(options, include_extras=True)
    return [(each, _kind(hints[each.name], include_typed)) for each in fields(options)]


def _kind(hint: Any, include_typed: bool) -> Any:
    if get_origin(hint) is not Annotated:
        return hint
    kind, *told = get_args(hint)
    typed = [each.type for each in told if isinstance(each, Typed)]
    info = [each for each in told if isinstance(each, ParameterInfo)]
    if not include_typed:
        return Annotated[kind, *info]
    words = [word for word in words_of(kind) if word is not None]
    if words:
        # typer shows the words, and `check_choices` refuses others in a sentence of ours.
        shown = copy(info[0])
        shown.metavar = f"[{'|'.join(words)}]"
        return Annotated[str if get_origin(kind) is Literal else str | None, shown]
    return Annotated[ON_COMMAND_LINE.get(kind, typed[0] if typed else kind), *info]


def _python_type(kind: Any) -> Any:
    plain = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    return IN_PYTHON.get(plain, plain)


def _default(each: Field[Any]) -> Any:
    if each.default_factory is not MISSING:
        return each.default_factory()
    return Parameter.empty if each.default is MISSING else each.default


def _is_hidden(parameter: Parameter) -> bool:
    return any(getattr(told, "hidden", False) for told in get_args(parameter.annotation))
