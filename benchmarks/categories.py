"""mAP by category of class, as Veit's Table 3: python -m benchmarks.categories WEIGHTED TRUTH.

The category of a class is the file of WordNet that it stands in, such as noun.animal.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.heads import Data, predict, read, split, trained
from benchmarks.metrics import average_precision
from graphs.senses import choose_senses
from graphs.wordnet import open_wordnet

HEADS = ("noisy labels", "fine-tune:mixed", "fine-tune", "veit", "veit:joint")
UNKNOWN = "not in WordNet"
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def by_category(
    weighted: Annotated[Path, typer.Argument(help="What curate weight wrote.")],
    truth: Annotated[Path, typer.Argument(help="Parquet: key, true_label.")],
    share: Annotated[float, typer.Option(help="Verified.")] = 0.05,
    head: Annotated[list[str] | None, typer.Option(help="Several times.")] = None,
    seeds: Annotated[int, typer.Option(help="How often; each draws other rows.")] = 3,
) -> None:
    """Print each head's mAP over the classes of each category, on rows that it has not seen."""
    torch.set_num_threads(1)
    data = read(weighted, truth)
    of_class = np.array(categories(data.classes))
    names = np.unique(of_class)
    table = Table("head", *names, "all", box=box.MARKDOWN, title_justify="left")
    table.title = f"{weighted.name}, {share:.0%} verified, {seeds} seeds"
    table.add_row("classes", *(f"{(of_class == name).sum()}" for name in names), f"{len(of_class)}")
    for which in head or HEADS:
        found = np.nanmean([precisions(data, which, share, seed) for seed in range(seeds)], axis=0)
        means = (np.nanmean(found[of_class == name]) for name in names)
        table.add_row(which, *(f"{mean:.3f}" for mean in means), f"{np.nanmean(found):.3f}")
    Console(width=160).print(table)


def categories(classes: Sequence[str]) -> list[str]:
    """Return the category of each class."""
    wordnet = open_wordnet()
    synsets = [sense.synset for sense in choose_senses(classes, wordnet)]
    return [UNKNOWN if name is None else wordnet.synset(name).lexname for name in synsets]


def precisions(data: Data, name: str, share: float, seed: int) -> NDArray[np.float64]:
    """Train a head; return the average precision of each class (C,), NaN where no row has it."""
    head, _ = trained(data, name, share, seed)
    judged = split(data, share, seed)[1]
    p, truth = predict(data, head.eval(), judged)[1], data.truth().numpy()[judged] > 0
    return np.array(
        [
            average_precision(truth[:, c], -p[:, c]) if truth[:, c].any() else np.nan
            for c in range(len(data.classes))
        ]
    )


if __name__ == "__main__":
    app()
