"""WordNet path similarities of all pairs of noun synsets: time, against NLTK's pair by pair.

python -m benchmarks.wordnet
"""

import time
from typing import Annotated

import numpy as np
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.synthetic import noun_ids
from graphs.nltk_wordnet import PackedReader
from graphs.row_blocks import whole
from graphs.wordnet import open_wordnet, wordnet_rows

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def wordnet(
    classes: Annotated[int, typer.Option(help="Noun synsets, evenly spaced.")] = 5_000,
    pairs: Annotated[int, typer.Option(help="So many, drawn at random, are NLTK's too.")] = 2_000,
) -> None:
    """Print CPU seconds of both, and the greatest difference over the pairs drawn."""
    ids = noun_ids(classes)
    start = time.process_time()
    ours = open_wordnet()
    opened = time.process_time()
    names = [name for name in map(ours.find, ids) if name is not None]
    S = whole(wordnet_rows(names, ours), len(names))
    done = time.process_time()
    reader = PackedReader()
    rng = np.random.default_rng(0)
    a, b = rng.integers(len(names), size=(2, pairs))
    synsets = {name: reader.synset(name) for name in names}
    begun = time.process_time()
    theirs = [
        synsets[names[i]].path_similarity(synsets[names[j]]) for i, j in zip(a, b, strict=True)
    ]
    nltk_seconds = time.process_time() - begun
    different = int((S[a, b] != np.array(theirs, np.float32)).sum())
    every = len(names) * (len(names) - 1) / 2
    table = Table(box=box.MARKDOWN)
    for heading in ("synsets", "open WordNet", "all pairs", "NLTK, a pair", "NLTK, all pairs",
                    "pairs compared", "different"):  # fmt: skip
        table.add_column(heading, justify="right")
    table.add_row(
        f"{len(names):,}", f"{opened - start:.1f} s", f"{done - opened:.1f} s",
        f"{nltk_seconds / pairs * 1e6:,.0f} µs", f"{nltk_seconds / pairs * every / 3600:,.2f} h",
        f"{pairs:,}", f"{different:,}",
    )  # fmt: skip
    Console(width=120).print(table)


if __name__ == "__main__":
    app()
