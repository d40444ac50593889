"""A crawl with more wrong labels of the kind that it has.

python -m benchmarks.noisier CRAWL TRUTH --out FILE --rate 0.4
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import typer
from numpy.typing import NDArray

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def noisier(
    crawl: Annotated[Path, typer.Argument(help="Parquet: key, label.")],
    truth: Annotated[Path, typer.Argument(help="Parquet: key, true_label.")],
    out: Annotated[Path, typer.Option(help="Parquet: key, label; no images.")],
    rate: Annotated[float, typer.Option(help="Share of wrong labels.")] = 0.4,
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 0,
) -> None:
    """Write every row with its true label or, as often as ``rate`` says, a wrong one."""
    rows = pl.read_parquet(crawl, columns=["key", "label"]).join(
        pl.read_parquet(truth), on="key", maintain_order="left"
    )
    names = rows["label"].unique().sort()
    given, true = (
        rows[column].cast(pl.Enum(names)).to_physical() for column in ("label", "true_label")
    )
    labels = flip_alike(
        given.to_numpy(), true.to_numpy(), len(names), rate, np.random.default_rng(seed)
    )
    rows.select("key", label=names.gather(pl.Series(labels))).write_parquet(out)


def flip_alike(
    given: NDArray[np.integer], true: NDArray[np.integer], classes: int, rate: float,
    rng: np.random.Generator,
) -> NDArray[np.int64]:  # fmt: skip
    """Draw labels (N,): each class's share of wrong ones is scaled for ``rate`` in all.

    Of each true class the wrong labels are drawn as often as they are among ``given`` ones.
    """
    counts = np.zeros((classes, classes))
    np.add.at(counts, (true, given), 1)
    wrong = counts * (1 - np.eye(classes))
    scale = rate * len(given) / wrong.sum()
    labels = np.asarray(true, np.int64).copy()
    for c in range(classes):
        rows = np.flatnonzero(true == c)
        rows = rows[rng.random(len(rows)) < scale * wrong[c].sum() / counts[c].sum()]
        labels[rows] = rng.choice(classes, len(rows), p=wrong[c] / wrong[c].sum())
    return labels


if __name__ == "__main__":
    app()
