"""Hash the code that makes a result into its name, so that an old result is not taken for new.

Sources are read as bytes, not imported: a step's code is hashed before torch is loaded.
"""

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("curate", "graphs", "prototypes")
PASSIVE = ("curate.errors", "curate.store", "curate.terminal")
"""Packages that report on a run or store its results; no result depends on them."""
_IMPORT = re.compile(
    rb"^[ \t]*(?:from|import)[ \t]+((?:curate|graphs|prototypes)\b[\w.]*)"
    rb"(?:[ \t]+import[ \t]*(\([^)]*\)|[^\n#]*))?",
    re.MULTILINE,
)
_REFERENCE = re.compile(rb'"((?:curate|graphs|prototypes)(?:\.\w+)+):\w+"')
"""An object named as "module:name", which `pkgutil.resolve_name` imports later."""


@cache
def code_of(*modules: str, without: tuple[str, ...] = ()) -> str:
    """Hash the sources of modules and of all that they import of curate, graphs and prototypes.

    Comments count, as do imports inside functions and modules of objects named as "module:name".
    ``without`` names modules and packages that are not followed, because no result of these
    modules depends on them. Raises FileNotFoundError for a module that does not exist.
    """
    digest = hashlib.blake2b(digest_size=8)
    for module in sorted(modules_of(*modules, without=without)):
        digest.update(f"{module}\n".encode() + hashlib.sha256(_source(module)).digest())
    return digest.hexdigest()


@cache
def whole_code() -> str:
    """Hash all sources of curate, graphs and prototypes."""
    digest = hashlib.blake2b(digest_size=8)
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            digest.update(f"{file.relative_to(ROOT)}\n".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def modules_of(*modules: str, without: tuple[str, ...] = ()) -> set[str]:
    """Name these modules and all that they import, directly or not."""
    left_out = (*PASSIVE, *without)
    found, to_do = set[str](), list(modules)
    while to_do:
        module = to_do.pop()
        if module not in found and not _is_one_of(module, left_out):
            found.add(module)
            to_do += _imports(module)
    return found


def _is_one_of(module: str, names: tuple[str, ...]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in names)


@cache
def _source(module: str) -> bytes:
    file = _file(module)
    if file is None:
        raise FileNotFoundError(f"there is no module {module}")
    return file.read_bytes()


@cache
def _imports(module: str) -> tuple[str, ...]:
    """Name the modules of this project that a source imports, from a package also submodules."""
    return tuple(name for name in _mentioned(_source(module)) if _file(name) is not None)


def _mentioned(source: bytes) -> Iterator[str]:
    for module in _REFERENCE.findall(source):
        yield module.decode()
    for base, names in _IMPORT.findall(source):
        yield base.decode()
        for name in re.findall(rb"(\w+)(?:[ \t]+as[ \t]+\w+)?", names):
            yield f"{base.decode()}.{name.decode()}"


@cache
def _file(module: str) -> Path | None:
    path = ROOT.joinpath(*module.split("."))
    files = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in files if file.is_file()), None)
