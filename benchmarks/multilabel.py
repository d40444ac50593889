"""Finding wrong and missing labels where images have several: with lists, and pair by pair.

python -m benchmarks.multilabel CRAWL TRUTH --embeddings FEATURES.npy [--graph none]
"""

import tempfile
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl
import typer
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.metrics import auroc, average_precision, f1_at_rate, precision_recall
from curate.commands.weight import weigh
from curate.options.weight import WeightOptions

WRONG = ("AUROC", "AP", "F1", "flag precision", "flag recall", "noise")
MISSING = ("missing: precision", "recall", "AP")
WIDTH = 150
"""Of the table when it is not printed in a terminal."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def multilabel(
    crawl: Annotated[Path, typer.Argument(help="Parquet: key, label (lists).")],
    truth: Annotated[Path, typer.Argument(help="Parquet: key, true_label (lists).")],
    embeddings: Annotated[Path, typer.Option(help="Features in the crawl's row order: a .npy.")],
    graph: Annotated[str, typer.Option(help="As in curate weight.")] = "wordnet",
) -> None:
    """Print how well curate does with lists, and with a row for each (image, label) pair."""
    images = pl.read_parquet(crawl, columns=["key", "label"]).with_row_index("at")
    images = images.join(pl.read_parquet(truth), on="key", validate="1:1", maintain_order="left")
    images = images.with_columns(given="label")
    features = np.load(embeddings)
    pairs = images.filter(pl.col("label").list.len() > 0).explode("label")
    lacking = images.select(pl.col("true_label").list.set_difference("given").list.len().sum())
    absent = len(images) * pairs["label"].n_unique() - len(pairs)
    table = Table(
        box=box.MARKDOWN,
        title=f"{crawl}: {len(images):,} images; {_is_wrong(pairs).mean():.3f} of the labels wrong;"
        f" {lacking.item():,} missing, {lacking.item() / absent:.3f} of what was not given",
        title_justify="left",
    )
    for heading in ("", *WRONG, *MISSING):
        table.add_column(heading)
    for name, manifest in {"lists": images, "pair by pair": pairs}.items():
        said, noise = _weighed(manifest, features[manifest["at"].to_numpy()], graph)
        numbers = [*_wrong(said), noise, *_missing(said, lacking.item())]
        table.add_row(name, *(f"{number:.3f}" for number in numbers))
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    console.print(table)


def _weighed(
    manifest: pl.DataFrame, features: NDArray[np.floating[Any]], graph: str
) -> tuple[pl.DataFrame, float]:
    """Weigh a manifest; return it, and the estimated share of wrong labels."""
    with tempfile.TemporaryDirectory() as folder:
        path, files = Path(folder, "crawl.parquet"), Path(folder, "features.npy")
        manifest.write_parquet(path)
        np.save(files, features)
        options = WeightOptions(path, embeddings=files, graph=graph, key="none")
        weighed = weigh(options, Console(quiet=True))
        return pl.read_parquet(weighed.out), weighed.tally.noise


def _wrong(said: pl.DataFrame) -> list[float]:
    """Hold qualities and flags against the truth."""
    columns = ["label", "label_quality", "is_label_issue"]
    if said["label"].dtype == pl.List:
        said = said.filter(pl.col("label").list.len() > 0).explode(columns)
    wrong, quality = _is_wrong(said), said["label_quality"].to_numpy()
    ranked = [measure(wrong, quality) for measure in (auroc, average_precision, f1_at_rate)]
    return [*ranked, *precision_recall(wrong, said["is_label_issue"].to_numpy())]


def _missing(said: pl.DataFrame, lacking: int) -> list[float]:
    """Hold suggestions against the truth; average precision counts what is not suggested too."""
    names = {"suggested_label": "label", "suggested_quality": "quality"}
    said = said.select("key", "given", "true_label", *names).rename(names)
    if said["label"].dtype == pl.List:
        said = said.filter(pl.col("label").list.len() > 0).explode("label", "quality")
    said = said.filter(~pl.col("given").list.contains(pl.col("label")))
    said = said.sort("quality", descending=True).unique(["key", "label"], keep="first")
    right = ~_is_wrong(said)
    recall = float(right.sum() / lacking)
    precision = average_precision(right, -said["quality"].to_numpy())
    return [float(right.mean()), recall, recall * precision]


def _is_wrong(labels: pl.DataFrame) -> NDArray[np.bool_]:
    return (
        labels.select(~pl.col("true_label").list.contains(pl.col("label"))).to_series().to_numpy()
    )


if __name__ == "__main__":
    app()
