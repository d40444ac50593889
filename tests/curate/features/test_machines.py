"""Features of different machines are announced."""

import io
from pathlib import Path

import numpy as np
from rich.console import Console

from curate.features.machines import say_machines
from curate.manifest.plan import Shard
from curate.store.folders import Folders
from curate.store.machine import machine_kind, processor
from curate.store.run import Run
from curate.store.step import Made, Step

SHARDS = [Shard(name, 0, 0, 3, 0) for name in "abc"]


def said(store: Folders) -> str:
    console = Console(file=io.StringIO(), width=500)
    say_machines(store, SHARDS, console)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_receipts_say_which_machine_made_a_shard(tmp_path: Path) -> None:
    step = Step("numbers", code=("curate.errors",))
    store = step.by_shard(Run(tmp_path), {}).make(SHARDS, lambda _: Made({"x": np.zeros(3)}))
    assert {store.receipt(shard.name)["machine"] for shard in SHARDS} == {machine_kind()}
    assert machine_kind().startswith(processor()) and processor()
    assert said(store) == ""
    store.write("b", {"x": np.zeros(3)}, machine="Abacus 3, two hands")
    assert "Abacus 3, two hands" in said(store)
    store.write("b", {"x": np.zeros(3)})
    assert said(store) == ""
