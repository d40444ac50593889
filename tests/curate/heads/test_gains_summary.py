"""What is said of classes leaves no row and no class out in silence."""

import numpy as np
from rich.console import Console

from curate.heads.gains import HeldOut, class_gains
from curate.heads.gains_summary import Gained, show_gained
from curate.heads.task import Task

CLASSES = 8


def said(rows: list[int]) -> str:
    """Say what is gained where all given labels were wrong, ``rows`` of each class, and are mended.

    Each row's true class is the next one.
    """
    given = np.eye(CLASSES, dtype=np.float32)[np.repeat(np.arange(CLASSES), rows)]
    true = np.roll(given, 1, axis=1)
    held_out = HeldOut(given, true, true, np.arange(len(given)) % 5, given)
    task = Task(CLASSES)
    names = tuple(f"c{number}" for number in range(CLASSES))
    gained = Gained.of(class_gains(held_out, task), held_out, task, names)
    assert gained is not None
    assert gained.classes["rows"].to_list() == rows
    console = Console(width=120)
    with console.capture() as capture:
        show_gained(console, gained)
    return capture.get()


def test_rows_that_are_in_no_group_are_counted() -> None:
    words = said([20] * 6 + [2, 1])
    assert "3 more rows are of classes with fewer than 6 rows there, too few." in words
    assert "1 more row is of classes" in said([20] * 7 + [1])
    assert "more row" not in said([20] * 8).split("classes get better")[0]


def test_classes_that_are_not_named_are_counted() -> None:
    words = said([20] * 8)
    assert "8 of 8 classes get better, beyond chance" in words
    assert "and 3 more, in the table named below" in words
    assert "more, in the table" not in said([20] * 5 + [1] * 3)


def test_lines_are_apart_by_one_blank_line() -> None:
    assert "\n\n\n" not in said([20] * 8)
    assert "\n\n\n" not in said([1] * 8)
