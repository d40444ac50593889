"""Which module may import which, and that what documents name is there."""

import ast
import os
import re
import subprocess
import sys
from collections import defaultdict
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import numpy as np
import polars as pl

ROOT = Path(__file__).parent.parent
ONE_USER = {"faiss", "nltk", "obstore", "open_clip", "ray", "textual", "timm", "transformers"}
PACKAGES = ("curate", "graphs", "prototypes")
ROOMS = (
    "cli", "curate", "curate.in_memory", "curate.commands", "curate.demo", "curate.verify",
    "curate.report", "curate.inspect", "curate.exports", "curate.scoring", "curate.heads",
    "curate.features", "curate.training", "curate.duplicates", "curate.weighted", "curate.crawl",
    "curate.relations", "curate.manifest", "curate.cluster", "curate.options", "curate.encoders",
    "curate.images", "curate.terminal", "curate.store", "curate.errors", "curate.own_packages",
    "prototypes", "prototypes.score", "prototypes.fit", "prototypes.engine", "prototypes.options",
    "graphs",
)  # fmt: skip
"""From top to bottom: each may import from those after it. CONTRIBUTING.md says what they do."""
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "Makefile", "docs/*.md")
NAMED = re.compile(
    r"(?<![\w/.-])(?:curate|graphs|prototypes|benchmarks|examples|tests|docs)/[\w/.-]*\w"
)
HEAVY = ("torch", "open_clip", "transformers", "onnxruntime", "faiss", "nltk", "polars", "pyarrow",
         "obstore", "huggingface_hub", "ray")  # fmt: skip


@cache
def sources() -> dict[Path, ast.Module]:
    files = [ROOT / "cli.py", *(f for name in PACKAGES for f in (ROOT / name).rglob("*.py"))]
    return {file.relative_to(ROOT): ast.parse(file.read_text()) for file in files}


def imported(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@cache
def imports() -> dict[str, set[str]]:
    """Give the modules of this project that each of them imports, also inside functions."""
    modules = {module_name(file): tree for file, tree in sources().items()}
    return {
        module: {name if name in modules else name.rpartition(".")[0] for name in named(tree)}
        & (modules.keys() - {module})
        for module, tree in modules.items()
    }


def module_name(file: Path) -> str:
    return ".".join(file.with_suffix("").parts).removesuffix(".__init__")


def named(tree: ast.Module) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def room(module: str) -> int:
    while module not in ROOMS:
        module = module.rpartition(".")[0]
    return ROOMS.index(module)


def test_no_room_imports_from_one_above_it() -> None:
    arrows = [(module, other) for module, others in imports().items() for other in others]
    assert [arrow for arrow in arrows if room(arrow[0]) > room(arrow[1])] == []


def test_no_files_import_each_other_in_a_circle() -> None:
    TopologicalSorter(imports()).prepare()  # raises CycleError, which names the circle


def test_only_doors_stand_outside_the_rooms() -> None:
    loose = {file.name for file in sources() if file.match("curate/*.py")}
    assert loose == {
        "__init__.py", "__main__.py", "api.py", "torch.py", "errors.py", "own_packages.py"
    }  # fmt: skip


def test_the_map_of_rooms_is_whole() -> None:
    map_ = (ROOT / "CONTRIBUTING.md").read_text()
    paths = [name.replace(".", "/") for name in ROOMS]
    assert [path for path in paths if not re.search(rf"^\| `{path}\b", map_, re.M)] == []


def test_files_that_documents_name_are_there() -> None:
    for pattern in DOCUMENTS:
        for document in ROOT.glob(pattern):
            names = set(NAMED.findall(document.read_text()))
            gone = [name for name in names if "NAME" not in name and not (ROOT / name).exists()]
            assert not gone, document


def test_graphs_and_prototypes_are_leaves() -> None:
    for file, tree in sources().items():
        if file.parts[0] in ("graphs", "prototypes"):
            others = set(PACKAGES) - {file.parts[0]}
            assert not imported(tree) & (others | {"cli", "rich"}), file


def test_the_command_line_imports_options_first_and_the_rest_inside_commands() -> None:
    tree = sources()[Path("cli.py")]
    standard = {"importlib", "io", "pathlib", "signal", "sys", "typing"}
    assert imported(tree) <= {"typer", "curate", *standard}
    at_once = [node.module or "" for node in tree.body if isinstance(node, ast.ImportFrom)]
    assert {module for module in at_once if module.startswith("curate.")} == {
        module for module in at_once if module.startswith("curate.options.")
    }


def test_each_heavy_library_has_one_module() -> None:
    users = defaultdict(set)
    for file, tree in sources().items():
        for name in imported(tree) & ONE_USER:
            users[name].add(str(file))
    assert users == {
        "faiss": {"prototypes/engine/neighbours.py"},
        "nltk": {"graphs/nltk_wordnet.py"},
        "obstore": {"curate/store/objects.py"},
        "open_clip": {"curate/encoders/openclip.py"},
        "ray": {"curate/cluster/on_ray.py"},
        "textual": {
            "curate/verify/app.py",
            "curate/verify/question.py",
            "curate/verify/references.py",
            "curate/verify/search.py",
        },
        "timm": {"curate/encoders/timm_model.py"},
        "transformers": {"curate/encoders/transformers_model.py", "graphs/bert.py"},
    }


def test_no_module_prints() -> None:
    for file, tree in sources().items():
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        assert not [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"], file


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, cli\n"
        "try: cli.app(['--help'])\n"
        "except SystemExit: pass\n"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_weighing_stored_embeddings_imports_only_what_it_needs(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(60, 8)))
    labels = ["ant", "bee"] * 30
    pl.DataFrame({"label": labels}).write_parquet(tmp_path / "crawl.parquet")
    code = (
        "import sys, cli\n"
        "try: cli.app(['weight', 'crawl.parquet', '--embeddings', 'x.npy', '--graph', 'none'])\n"
        "except SystemExit as end: assert not end.code\n"
        "others = ('torch', 'faiss', 'nltk', 'pandas', 'obstore', 'boto3', 'ray')\n"
        "print([name for name in others if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stderr.strip().endswith("[]")
