"""Typed Python functions and constructors, made of a dataclass of options."""

from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from inspect import Parameter, Signature, formatannotation
from numbers import Integral, Real
from pathlib import Path
from types import UnionType
from typing import (
    Any,
    Concatenate,
    Literal,
    ParamSpec,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from curate.options.defaults import default_of
from curate.options.paths import OptionalPath, RequiredPath

P = ParamSpec("P")
Made = TypeVar("Made")
Options = TypeVar("Options")
Result = TypeVar("Result")
PATHS = {OptionalPath: str | Path | None, RequiredPath: str | Path}
NUMBERS: dict[Any, Any] = {float: Real, int: Integral}
"""NumPy's numbers are taken too."""


def python_function(
    name: str,
    options: Callable[Concatenate[Path, P], Options],
    run: Callable[[Options], Result],
    doc: str,
) -> Callable[Concatenate[str | Path, P], Result]:
    """Make `curate.NAME`, whose parameters are the fields of ``options`` (a dataclass).

    The first field is a path. Those of KW_ONLY must be given by keyword. The function raises
    TypeError for a keyword that is no field, and for a value of another type.
    """
    signature, place = _signature(options), (f"curate.{name}", f"curate {name} --help")

    def call(*given: Any, **keywords: Any) -> Result:
        return run(_read(options, signature, place, given, keywords))

    call.__name__ = call.__qualname__ = name
    call.__module__, call.__doc__ = "curate", doc
    call.__signature__ = signature  # type: ignore[attr-defined]
    return cast(Callable[Concatenate[str | Path, P], Result], call)


def python_constructor(
    options: Callable[Concatenate[Path, P], Options],
) -> Callable[[Callable[[Made, Options], None]], Callable[Concatenate[Made, str | Path, P], None]]:
    """Make an `__init__` of one that takes ``options`` (a dataclass), as `python_function` does."""
    signature = _signature(options)
    self = Parameter("self", Parameter.POSITIONAL_OR_KEYWORD)

    def typed(
        init: Callable[[Made, Options], None],
    ) -> Callable[Concatenate[Made, str | Path, P], None]:
        name = f"{init.__module__}.{init.__qualname__.removesuffix('.__init__')}"

        @wraps(init)
        def call(made: Made, *given: Any, **keywords: Any) -> None:
            init(made, _read(options, signature, (name, f"help({name})"), given, keywords))

        parameters = [self, *signature.parameters.values()]
        call.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
        call.__annotations__ = {each.name: each.annotation for each in parameters[1:]}
        return cast(Callable[Concatenate[Made, str | Path, P], None], call)

    return typed


def _read(
    options: Callable[..., Options],
    signature: Signature,
    place: tuple[str, str],
    given: tuple[Any, ...],
    keywords: dict[str, Any],
) -> Options:
    """Make options of arguments; ``place``: what was called, and where its options are listed."""
    name, listed = place
    for keyword in keywords:
        if keyword not in signature.parameters:
            raise TypeError(f"{name}() has no option '{keyword}'; see {listed}.")
    try:
        bound = signature.bind(*given, **keywords).arguments
    except TypeError as error:
        raise TypeError(f"{name}(): {error}") from None
    for keyword, value in bound.items():
        kind = signature.parameters[keyword].annotation
        if not _fits(value, kind):
            raise TypeError(
                f"{name}(): {keyword}={value!r} is not what it takes: {formatannotation(kind)}."
            )
    first, *rest = bound
    return options(Path(bound[first]), **{keyword: bound[keyword] for keyword in rest})


def _signature(options: Any) -> Signature:
    """Give the parameters, one for each field; the first is a path."""
    hints = get_type_hints(options)
    first, *rest = fields(options)
    return Signature(
        [
            Parameter(first.name, Parameter.POSITIONAL_OR_KEYWORD, annotation=str | Path),
            *(
                Parameter(
                    each.name,
                    Parameter.KEYWORD_ONLY if each.kw_only else Parameter.POSITIONAL_OR_KEYWORD,
                    default=default_of(each),
                    annotation=PATHS.get(hints[each.name], hints[each.name]),
                )
                for each in rest
            ),
        ]
    )


def _fits(value: object, annotation: Any) -> bool:
    """Tell whether a value is of an annotated type; words are left to `check_choices`."""
    if get_origin(annotation) in (Union, UnionType):
        return any(_fits(value, part) for part in get_args(annotation))
    if get_origin(annotation) is Literal:
        return isinstance(value, str)
    kind = get_origin(annotation) or annotation
    if isinstance(value, bool) or kind is bool:
        return isinstance(value, bool) and kind is bool
    if isinstance(value, str):
        return kind is str
    return isinstance(value, NUMBERS.get(kind, kind))
