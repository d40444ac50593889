"""Cleaning heads side by side: python -m benchmarks.heads WEIGHTED TRUTH --share 0.05.

WEIGHTED is what `curate weight` wrote, of one label an image or of lists; TRUTH has key and
true_label. A random share of the rows is verified; a fifth of all rows is held back, and what each
head says of those that are not verified is held against the truth.
"""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import polars as pl
import torch
import typer
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table
from torch import Tensor

from benchmarks.auto import choose
from benchmarks.baselines import LastLayer, Noisy, NoisyNets, VerifiedOnly
from benchmarks.metrics import average_precision
from curate.heads.folds import Folds
from curate.heads.head import Head
from curate.heads.inputs import Inputs
from curate.heads.label_sets import label_sets
from curate.heads.learned import gather, read_verified_rows, task_of
from curate.heads.nmn import Nmn
from curate.heads.spec import head_class
from curate.heads.task import Task
from curate.heads.training import Examples, Learner
from curate.heads.verdict import Sets, judge
from curate.options.heads import AUTO, HEADS
from curate.options.refine import EPOCHS, RefineOptions
from curate.options.weighted import WeightedOptions
from curate.store.folders import Folders
from curate.training.device import computer
from curate.weighted.open import open_weighted

HELD_BACK = 0.2
MEASURES = ("labels right", "mAP", "AP_all", "top-1")
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


MADE: dict[str, tuple[type[Head], dict[str, Any]]] = {
    "noisy labels": (Noisy, {}),
    "verified labels": (VerifiedOnly, {}),
    **{name: (head_class(name), dict(kind.options)) for name, kind in HEADS.items()},
    "nmn, none verified": (Nmn, {}),
    "hu, alpha 0": (NoisyNets, {}),
    "fine-tune, last layer": (LastLayer, {}),
    "true labels": (VerifiedOnly, {}),
}
BLIND = ("noisy labels", "nmn, none verified")
"""These see no verified row."""
ALL_SEEING = "true labels"
"""The ceiling: every row that it learns from is verified."""


@dataclass(frozen=True)
class Data:
    """A crawl of which all is known."""

    classes: tuple[str, ...]
    task: Task
    inputs: Inputs
    examples: Examples
    """As if all rows were verified."""

    def truth(self) -> Tensor:
        """Return the true labels (n, K)."""
        return self.task.target(torch.from_numpy(self.examples.true))


@app.command()
def heads(
    weighted: Annotated[Path, typer.Argument(help="What curate weight wrote.")],
    truth: Annotated[Path, typer.Argument(help="Parquet: key, true_label.")],
    share: Annotated[list[float] | None, typer.Option(help="Verified; several times.")] = None,
    head: Annotated[list[str] | None, typer.Option(help="Default: all that can.")] = None,
    seeds: Annotated[int, typer.Option(help="How often; each draws other rows.")] = 3,
    threads: Annotated[int, typer.Option(help="Of torch.")] = 1,
) -> None:
    """Print what each head makes of labels that it has not been told."""
    torch.set_num_threads(threads)
    data = read(weighted, truth)
    every = (name for name, (kind, _) in MADE.items() if can(kind, data.task))
    names = head or [*every, AUTO]
    console = Console(width=160)
    for verified in share or [0.05]:
        table = Table("head", *MEASURES, "CPU s", box=box.MARKDOWN, title_justify="left")
        table.title = f"{weighted.name}, {verified:.0%} verified, {seeds} seeds"
        before = [measure_given(data, verified, seed) for seed in range(seeds)]
        table.add_row("given labels", _cell(np.array(before)), *[""] * len(MEASURES))
        for name in names:
            found = np.array([measure(data, name, verified, seed) for seed in range(seeds)])
            table.add_row(name, *map(_cell, found.T[:-1]), f"{found[:, -1].mean():.0f}")
        console.print(table)


def can(kind: type[Head], task: Task) -> bool:
    """Tell whether a head takes labels of this sort."""
    return kind.several or not task.several


def read(weighted: Path, truth: Path) -> Data:
    """Open a crawl's features, given labels and true ones."""
    with TemporaryDirectory() as folder:
        verified = Path(folder) / "truth.parquet"
        pl.read_parquet(truth).select("key", label="true_label").write_parquet(verified)
        opened = open_weighted(WeightedOptions(weighted), Folders(Path(folder) / "frozen"))
        work = opened.work()
        options = RefineOptions(weighted, verified=verified)
        rows = read_verified_rows(options, opened, work.classes, Console(stderr=True))
        task = task_of(rows, len(work.classes), opened.manifest.has_label_lists)
        examples = gather(work, rows, task.several, Folds(work), 0)[0]
        fit = work.blind_fit
        return Data(work.classes, task, Inputs.of(fit.space, fit.prototypes, task.new), examples)


def split(data: Data, share: float, seed: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which rows (n,) are verified, and which are judged."""
    rng = np.random.default_rng(seed)
    verified = rng.random(len(data.examples)) < share
    return verified, ~verified & (rng.random(len(verified)) < HELD_BACK)


def measure_given(data: Data, share: float, seed: int) -> float:
    """Return how right the labels are as they were given."""
    judged = split(data, share, seed)[1]
    given = data.task.as_outputs(data.task.given(torch.from_numpy(data.examples.given))).numpy()
    right = judge(given[judged] > 0, given[judged] > 0, data.truth().numpy()[judged] > 0)
    return right.before.mean


def trained(data: Data, name: str, share: float, seed: int) -> tuple[Head, float]:
    """Train a head without the rows that are judged; return it and CPU seconds.

    `auto` chooses a head by the verified rows, and trains it.
    """
    verified, judged = split(data, share, seed)
    verified = (verified & (name not in BLIND)) | (name == ALL_SEEING)
    examples = replace(data.examples, verified=verified).chosen(~judged)
    start = time.process_time()
    if name == AUTO:
        name = choose(data.task, data.inputs, examples, seed)
    head = fitted(data, name, examples, seed)
    return head, time.process_time() - start


def fitted(data: Data, name: str, examples: Examples, seed: int) -> Head:
    """Train a head on examples."""
    kind, options = MADE[name]
    torch.manual_seed(seed)
    head = kind(data.task, data.inputs.width, **options)  # type: ignore[call-arg]
    learner = Learner(
        data.task, data.inputs, examples, None, computer("cpu"), EPOCHS, seed, lambda _: None
    )
    head.fit(learner)
    return head


def measure(data: Data, name: str, share: float, seed: int) -> tuple[float, ...]:
    """Train a head; return how right its labels are, mAP, AP_all, top-1 and CPU seconds.

    Average precisions and top-1 are those of what the head says of an image without its given
    label, as in the papers. With several labels top-1 is how often the likeliest is right.
    """
    head, seconds = trained(data, name, share, seed)
    judged = split(data, share, seed)[1]
    cleaned, classified = predict(data, head.eval(), judged)
    truth = data.truth().numpy()[judged]
    refined = label_sets(data.task, cleaned)
    right = judge(refined, refined, truth > 0).after.mean
    named = slice(data.task.named)
    first = truth[np.arange(len(truth)), classified.argmax(axis=1)].mean()
    return right, *precisions(classified[:, named], truth[:, named] > 0), first, seconds


@torch.inference_mode()
def predict(
    data: Data, head: Head, judged: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what the head says with the given label (m, K), and without."""
    cleaned, classified = [], []
    for rows in np.array_split(np.flatnonzero(judged), max(int(judged.sum()) // 4096, 1)):
        given = data.task.given(torch.from_numpy(data.examples.given[rows]))
        x = data.inputs(torch.from_numpy(data.examples.features[rows]), given)
        cleaned.append(head.clean(x, given))
        classified.append(head.classify(x))
    return torch.cat(cleaned).numpy(), torch.cat(classified).numpy()


def precisions(p: NDArray[np.float32], true: Sets) -> tuple[float, float]:
    """Return mAP, the mean over classes that any image has, and AP_all, over all pairs."""
    each = [average_precision(t, -s) for s, t in zip(p.T, true.T, strict=True) if t.any()]
    return float(np.mean(each)), average_precision(true.ravel(), -p.ravel())


def _cell(found: NDArray[np.float64]) -> str:
    return f"{found.mean():.3f} ± {found.std():.3f}"


if __name__ == "__main__":
    app()
