"""Answers that Label Studio exported as JSON: a table of key, label, strategy, time and by."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from curate.manifest.how_drawn import STRATEGY, TIME
from curate.manifest.tables import read_table
from curate.terminal.skipped import Passed, Skipped

NONE = "none of the classes"
"""The choice for a picture of no class, in the interface that curate writes."""
UNANSWERED = "tasks of Label Studio that nobody answered"
KEYLESS = "tasks of Label Studio without the key of a row (export them with --to label-studio)"


SCHEMA = pl.Schema(
    {"key": pl.String(), "labels": pl.List(pl.String()), STRATEGY: pl.String(), TIME: pl.String(),
     "by": pl.String()}
)  # fmt: skip


class Answers(NamedTuple):
    """A table of answers, and what in its file is none."""

    table: pl.DataFrame
    skipped: tuple[Skipped, ...] = ()


def read_answers(path: Path, option: str, columns: str) -> Answers:
    """Read a table of answers, which may be what Label Studio exports as JSON or JSON-MIN.

    Raises CurateError, which names the option and the wanted columns, if it cannot be read.
    """
    tasks = _tasks(path) if path.suffix.lower() == ".json" else None
    return Answers(read_table(path, option, columns)) if tasks is None else _answers(tasks)


def _tasks(path: Path) -> list[dict[str, Any]] | None:
    """Read a list of Label Studio's tasks; None for a file that is none."""
    with suppress(OSError, ValueError, RecursionError):
        tasks = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(tasks, list) and tasks and all(map(_is_task, tasks)):
            return tasks
    return None


def _is_task(task: object) -> bool:
    """Tell whether this is a task with annotations, or one of JSON-MIN."""
    if not isinstance(task, dict):
        return False
    whole = isinstance(task.get("annotations"), list) and isinstance(task.get("data"), dict)
    return whole or {"id", "annotator", "annotation_id"} <= task.keys()


def _answers(tasks: list[dict[str, Any]]) -> Answers:
    passed, rows = Passed(), list[dict[str, Any]]()
    for task in tasks:
        said = task.get("data", task)
        if said.get("key") is None:
            passed.add(KEYLESS, f"task {task.get('id')}")
            continue
        found = list(_labels(task))
        if not found:
            passed.add(UNANSWERED, str(said["key"]))
        for labels, time, by in found:
            rows.append(
                {"key": str(said["key"]), "labels": labels, STRATEGY: said.get(STRATEGY),
                 TIME: time, "by": by}
            )  # fmt: skip
    several = any(isinstance(task.get("data", task).get("given"), list) for task in tasks)
    label = pl.col("labels") if several else pl.col("labels").list.first()
    when = pl.col(TIME).str.to_datetime(time_unit="ms", time_zone="UTC", strict=False)
    table = pl.DataFrame(rows, schema=SCHEMA).with_columns(when, label=label)
    return Answers(table.select("key", "label", STRATEGY, TIME, "by"), passed.skipped)


def _labels(task: dict[str, Any]) -> Iterator[tuple[list[str], str | None, str | None]]:
    """Yield each person's labels, when they were given, and who gave them."""
    if "data" not in task:
        chosen = _chosen(task.get("label"))
        if chosen is not None:
            yield chosen, task.get("created_at"), _text(task.get("annotator"))
        return
    for annotation in task["annotations"]:
        if annotation.get("was_cancelled"):
            continue
        for result in annotation.get("result", ()):
            value = result.get("value", {})
            if result.get("type") == "choices" and value.get("choices"):
                chosen = _chosen(value)
                assert chosen is not None
                yield chosen, annotation.get("created_at"), _text(annotation.get("completed_by"))


def _chosen(value: Any) -> list[str] | None:
    """Read the choices: one, or several; [] for none of the classes, None without an answer."""
    if isinstance(value, dict):
        value = value.get("choices")
    if not value:
        return None
    names = [value] if isinstance(value, str) else list(value)
    return [name for name in names if name != NONE]


def _text(who: Any) -> str | None:
    """Name a person, who is a number or an object with an address."""
    if isinstance(who, dict):
        who = who.get("email") or who.get("id")
    return None if who is None else str(who)
