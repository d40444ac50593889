"""docs/guarantees.md names for each promise a test that holds it."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAD = ("promise", "---")


def promises() -> list[tuple[str, str]]:
    text = (ROOT / "docs" / "guarantees.md").read_text()
    rows = [line.strip("| \n").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return [(row[0], row[-1]) for row in rows if not row[0].startswith(HEAD)]


@pytest.mark.parametrize(("promise", "held_by"), promises(), ids=lambda text: text[:40])
def test_every_promise_has_tests_that_exist(promise: str, held_by: str) -> None:
    """A file alone stands for all tests in it."""
    named = re.findall(r"([\w/]+\.py)(?:::(\w+))?", held_by)
    assert named and len(named) == held_by.count(".py"), promise
    for file, test in named:
        tree = ast.parse((ROOT / file).read_text())
        functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        tests = {name for name in functions if name.startswith("test_")}
        assert test in tests if test else tests, f"{file} has no {test}, to hold: {promise}"
