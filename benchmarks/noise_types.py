"""Wrong labels among the surest of each type of noise: python -m benchmarks.noise_types W TRUTH.

Xiao et al., Figure 8: a sample is looked at whose posterior of a type of noise is highest. W is
what `curate weight` wrote, of one label an image; TRUTH has key and true_label. As in
`benchmarks.heads`, a share of the rows is verified, and rows that the head has not seen are judged.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.heads import Data, read, split, trained
from curate.heads.xiao import Xiao
from curate.weighted.columns import NOISE_NAMES

SUREST = 500
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def types(
    weighted: Annotated[Path, typer.Argument(help="What curate weight wrote.")],
    truth: Annotated[Path, typer.Argument(help="Parquet: key, true_label.")],
    share: Annotated[float, typer.Option(help="Verified.")] = 0.05,
    seeds: Annotated[int, typer.Option(help="How often; each draws other rows.")] = 1,
) -> None:
    """Print the share of wrong labels among the surest rows of each type, and among all."""
    torch.set_num_threads(1)
    data = read(weighted, truth)
    found = np.array([measure(data, share, seed) for seed in range(seeds)])
    table = Table("type", f"wrong of the {SUREST} surest", "wrong of all of it", "share of rows",
                  box=box.MARKDOWN, title_justify="left")  # fmt: skip
    table.title = f"{weighted.name}, {share:.0%} verified, {seeds} seeds"
    for name, row in zip((*NOISE_NAMES, "all rows"), found.mean(0), strict=True):
        table.add_row(name, *("" if np.isnan(value) else f"{value:.1%}" for value in row))
    Console(width=160).print(table)


def measure(data: Data, share: float, seed: int) -> NDArray[np.float64]:
    """Train `Xiao`; return the columns of `wrong_shares` on rows that it has not seen."""
    head = trained(data, "xiao", share, seed)[0].eval()
    assert isinstance(head, Xiao)
    judged = np.flatnonzero(split(data, share, seed)[1])
    given = data.task.given(torch.from_numpy(data.examples.given[judged]))
    with torch.inference_mode():
        x = data.inputs(torch.from_numpy(data.examples.features[judged]), given)
        noise = head.noise_type(x, given).numpy()
    wrong = (data.task.as_outputs(given) != data.truth()[judged]).any(1).numpy()
    return wrong_shares(noise, wrong)


def wrong_shares(
    noise: NDArray[np.float32], wrong: NDArray[np.bool_], surest: int = SUREST
) -> NDArray[np.float64]:
    """Return three shares of each type and, last, of all rows: (4, 3).

    They are the share of ``wrong`` (n,) labels among the ``surest`` rows of a type by ``noise``
    (n, 3), among the rows of which it is the likeliest type, and the share of such rows.
    """
    likeliest, rows = noise.argmax(1), []
    for kind in range(noise.shape[1]):
        first, own = np.argsort(-noise[:, kind], kind="stable")[:surest], likeliest == kind
        rows.append((wrong[first].mean(), wrong[own].mean() if own.any() else np.nan, own.mean()))
    return np.array([*rows, (np.nan, wrong.mean(), 1.0)])


if __name__ == "__main__":
    app()
