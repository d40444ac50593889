"""Typed Python functions and constructors, made of a dataclass of options."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from functools import partial, wraps
from inspect import Parameter, Signature, cleandoc, formatannotation
from numbers import Integral, Real
from pathlib import Path
from types import UnionType
from typing import (
    Any,
    Concatenate,
    Generic,
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
from curate.options.keywords import in_keywords, spoken_in_keywords
from curate.options.paths import (
    Array,
    OptionalArray,
    OptionalPath,
    OptionalTable,
    RequiredPath,
    Table,
)

P = ParamSpec("P")
Made = TypeVar("Made")
Options = TypeVar("Options")
PATHS: dict[Any, Any] = {
    OptionalPath: str | Path | None,
    OptionalTable: str | Path | Table | None,
    OptionalArray: str | Path | Array | None,
    RequiredPath: str | Path,
}
NUMBERS: dict[Any, Any] = {float: Real, int: Integral}
"""NumPy's numbers are taken too."""


@dataclass(frozen=True)
class Arguments(Generic[Options]):
    """What a function of Python was given; its keywords are known, their values not yet checked."""

    first: Any
    """A path, or a table in memory; None: not given."""
    keywords: Mapping[str, Any]
    make: Callable[[Path, Mapping[str, Any]], Options]
    """Makes options of a path and keywords; raises TypeError for a value of another type."""
    takes: Collection[str] = ()
    """The names of its keywords."""


def python_function(
    name: str, options: Callable[..., Options], run: Callable[[Arguments[Options]], Any], doc: str
) -> Callable[..., Any]:
    """Make `curate.NAME`, whose parameters are the fields of ``options`` (a dataclass).

    The first field is a path, in whose place ``run`` may take a table in memory. Those of KW_ONLY
    must be given by keyword. The function raises TypeError for a keyword that is no field. Its
    docstring is ``doc`` and the help of each option.
    """
    signature = _signature(options, str | Path | Table)
    place = f"curate.{name}", f"help(curate.{name})"

    def call(*given: Any, **keywords: Any) -> Any:
        bound = _bound(signature, place, given, keywords)
        first = bound.pop(next(iter(signature.parameters)))
        make = partial(_made, options, signature, place)
        return run(Arguments(first, bound, make, [*signature.parameters]))

    call.__name__ = call.__qualname__ = name
    call.__module__, call.__doc__ = "curate", f"{cleandoc(doc)}\n\n{keyword_help(options)}"
    call.__signature__ = signature  # type: ignore[attr-defined]
    return call


def keyword_help(options: Any) -> str:
    """List the fields of a dataclass of options after the first, with the help of each."""
    hints = get_type_hints(options, include_extras=True)
    told = ((each.name, get_args(hints[each.name])[1:]) for each in fields(options)[1:])
    texts = ((name, info.help) for name, infos in told for info in infos if hasattr(info, "help"))
    plain = ((name, in_keywords(text.replace("\\[", "["))) for name, text in texts if text)
    return "\n".join(f"{name}: {text}" for name, text in plain)


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
            with spoken_in_keywords():
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
    bound = _bound(signature, place, given, keywords)
    first = bound.pop(next(iter(bound)))
    return _made(options, signature, place, first, bound)


def _bound(
    signature: Signature,
    place: tuple[str, str],
    given: tuple[Any, ...],
    keywords: Mapping[str, Any],
) -> dict[str, Any]:
    """Give the value of each parameter that was given one, the first parameter first."""
    name, listed = place
    for keyword in keywords:
        if keyword not in signature.parameters:
            raise TypeError(f"{name}() has no option '{keyword}'; see {listed}.")
    try:
        return dict(signature.bind(*given, **keywords).arguments)
    except TypeError as error:
        raise TypeError(f"{name}(): {error}") from None


def _made(
    options: Callable[..., Options],
    signature: Signature,
    place: tuple[str, str],
    first: Any,
    keywords: Mapping[str, Any],
) -> Options:
    """Make options; raises TypeError for a value of another type."""
    given = {next(iter(signature.parameters)): first, **keywords}
    for keyword, value in given.items():
        kind = signature.parameters[keyword].annotation
        if not _fits(value, kind):
            raise TypeError(
                f"{place[0]}(): {keyword}={value!r} is not what it takes: {formatannotation(kind)}."
            )
    return options(Path(first), **keywords)


def _signature(options: Any, taken: Any = str | Path) -> Signature:
    """Give the parameters, one for each field; the first is ``taken``."""
    hints = get_type_hints(options)
    first, *rest = fields(options)
    return Signature(
        [
            Parameter(first.name, Parameter.POSITIONAL_OR_KEYWORD, annotation=taken),
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
