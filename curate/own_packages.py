"""Import what stands beside curate, where a folder or file of the user's own has the same name.

Python looks in the script's folder first, and with -m in the working directory; `cli`, `graphs` and
`prototypes` are names that people use there.
"""

import sys
import warnings
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

BESIDE = Path(__file__).absolute().parent.parent
PACKAGES = ("graphs", "prototypes")


def load_own(name: str) -> ModuleType:
    """Import curate's module or package of this name, whatever comes before it on sys.path.

    Raises ImportError where another one was imported under this name before.
    """
    loaded = sys.modules.get(name)
    if loaded is None:
        return _load(name)
    if not _is_own(name, loaded.__file__):
        raise ImportError(
            f"curate has its own '{name}' in {BESIDE}, and {loaded.__file__ or 'another one'} was"
            " imported under that name; rename that one.",
            name=name,
        )
    return loaded


@cache
def warn_of_others() -> None:
    """Warn once of packages that a program cannot import, since curate's own have their names."""
    for name in PACKAGES:
        found = PathFinder.find_spec(name)
        if found is not None and not _is_own(name, found.origin):
            warnings.warn(
                f"'import {name}' gives a part of curate here, not {found.origin}; rename that one"
                " to import it.",
                stacklevel=3,
            )


def _is_own(name: str, file: str | None) -> bool:
    return file is not None and Path(file).samefile(_file(name))


def _file(name: str) -> Path:
    package = BESIDE / name / "__init__.py"
    return package if package.is_file() else BESIDE / f"{name}.py"


def _load(name: str) -> ModuleType:
    spec = spec_from_file_location(name, _file(name))
    assert spec is not None and spec.loader is not None
    sys.modules[name] = module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
