import ast
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import polars as pl

ROOT = Path(__file__).parent.parent
ONE_USER = {"faiss", "nltk", "open_clip", "textual", "timm", "transformers"}
PACKAGES = ("curate", "graphs", "prototypes")
HEAVY = ("torch", "open_clip", "transformers", "onnxruntime", "faiss", "nltk", "polars", "pyarrow")


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


def test_graphs_and_prototypes_are_leaves() -> None:
    for file, tree in sources().items():
        if file.parts[0] in ("graphs", "prototypes"):
            others = set(PACKAGES) - {file.parts[0]}
            assert not imported(tree) & (others | {"cli", "rich"}), file


def test_the_command_line_imports_curate_only_and_only_inside_commands() -> None:
    tree = sources()[Path("cli.py")]
    standard = {"importlib", "io", "pathlib", "signal", "sys", "typing"}
    assert imported(tree) <= {"typer", "curate", *standard}
    assert "curate" not in {
        name
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in imported(node)
    }


def test_each_heavy_library_has_one_module() -> None:
    users = defaultdict(set)
    for file, tree in sources().items():
        for name in imported(tree) & ONE_USER:
            users[name].add(str(file))
    assert users == {
        "faiss": {"prototypes/neighbours.py"},
        "nltk": {"graphs/wordnet.py"},
        "open_clip": {"curate/encoders/openclip.py"},
        "textual": {"curate/verify/app.py"},
        "timm": {"curate/training/timm_model.py"},
        "transformers": {"graphs/bert.py"},
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
        "print([name for name in ('torch', 'faiss', 'nltk', 'pandas') if name in sys.modules],"
        " file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stderr.strip().endswith("[]")
