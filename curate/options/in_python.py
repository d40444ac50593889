"""A typed Python function, made of a dataclass of options."""

from collections.abc import Callable
from dataclasses import fields
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

    The first field is a path and may be given by place; all others are keywords. The function
    raises TypeError for a keyword that is no field, and for a value of another type.
    """
    signature = _signature(options)

    def call(*given: Any, **keywords: Any) -> Result:
        for keyword in keywords:
            if keyword not in signature.parameters:
                raise TypeError(
                    f"curate.{name}() has no option '{keyword}'; see curate {name} --help."
                )
        try:
            bound = signature.bind(*given, **keywords).arguments
        except TypeError as error:
            raise TypeError(f"curate.{name}(): {error}") from None
        for keyword, value in bound.items():
            kind = signature.parameters[keyword].annotation
            if not _fits(value, kind):
                raise TypeError(
                    f"curate.{name}(): {keyword}={value!r} is not what it takes:"
                    f" {formatannotation(kind)}."
                )
        first, *rest = bound
        chosen = {keyword: bound[keyword] for keyword in rest}
        return run(options(Path(bound[first]), **chosen))  # type: ignore[call-arg]

    call.__name__ = call.__qualname__ = name
    call.__module__, call.__doc__ = "curate", doc
    call.__signature__ = signature  # type: ignore[attr-defined]
    return cast(Callable[Concatenate[str | Path, P], Result], call)


def _signature(options: Any) -> Signature:
    """Give the parameters: the first field, a path, by place or by name, and keywords."""
    hints = get_type_hints(options)
    first, *rest = fields(options)
    return Signature(
        [
            Parameter(first.name, Parameter.POSITIONAL_OR_KEYWORD, annotation=str | Path),
            *(
                Parameter(
                    each.name,
                    Parameter.KEYWORD_ONLY,
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
