"""Nodes that do not fit are named, with what to do."""

import io
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from ray import cloudpickle
from rich.console import Console

from curate.cluster.node import (
    about_this,
    check_nodes,
    looking,
    marked,
    may_write,
    require_writable,
)
from curate.errors import CurateError


def said(**nodes: object) -> str:
    console = Console(file=io.StringIO(), width=500)
    check_nodes(nodes, console)  # type: ignore[arg-type]
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_nodes_like_this_machine_need_no_word() -> None:
    assert said(a=about_this(), b=about_this()) == ""


def test_a_node_without_curate_is_told() -> None:
    with pytest.raises(CurateError, match=r"^b cannot import curate \(No module named 'curate'\)"):
        said(a=about_this(), b="No module named 'curate'")


def test_a_node_with_another_curate_is_told() -> None:
    with pytest.raises(CurateError, match=r"^b has another curate than this machine"):
        said(a=about_this(), b=about_this() | {"code": "f00"})


def test_mixtures_are_told() -> None:
    other = about_this() | {"processor": "Abacus 3"}
    assert "Abacus 3" in said(a=about_this(), b=other)
    versions = about_this()["versions"] | {"numpy": "9.9"}
    told = said(a=about_this(), b=about_this() | {"versions": versions})
    assert told.startswith("Nodes differ: not all nodes have this machine's numpy;")


def test_a_node_without_curate_can_say_so() -> None:
    asked = cloudpickle.dumps(looking())
    assert pickle.loads(asked)() == about_this()
    code = "import sys; sys.modules['curate'] = None; import pickle; print(pickle.loads(%r)())"
    done = subprocess.run([sys.executable, "-c", code % asked], capture_output=True, check=True)
    assert b"No module named 'curate" in done.stdout


def test_a_run_folder_that_a_node_does_not_see_is_told(tmp_path: Path) -> None:
    with marked(tmp_path) as mark:
        assert may_write(mark)
    # A node has a folder of the same name on a disk of its own.
    assert not may_write(mark) and not list(tmp_path.iterdir())
    with pytest.raises(CurateError, match=r"^b does not see this .* with --run-dir"):
        require_writable(tmp_path, "--run-dir", {"a": True, "b": False})
