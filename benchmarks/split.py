"""A crawl to train on, with clean images of its classes to validate on."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.crawl import Crawl, read_crawl
from benchmarks.noise import KINDS, add_noise
from benchmarks.probe import Samples, Weight, accuracies
from curate.errors import CurateError
from curate.options.weight import WeightOptions

LEAST_SPREAD = 1e-6
"""A direction in which features differ less than this is not scaled up to variance 1."""

Validation = Annotated[
    Path, typer.Argument(help="Clean images of the crawl's classes: any manifest.")
]
Embeddings = Annotated[
    tuple[Path, Path] | None,
    typer.Option(help="Features of CRAWL and of VALIDATION, in place of --encoder: .npy files."),
]
RunDir = Annotated[
    Path | None, typer.Option(help="Keeps what --encoder has encoded. Default: nothing does.")
]
Noise = Annotated[
    tuple[str, float] | None,
    typer.Option(
        "--add-noise",
        help="KIND RATE: leave the wrong rows out, then make this share wrong:"
        f" {', '.join(KINDS)}.",
    ),
]
Seeds = Annotated[int, typer.Option(help="Classifiers of each row: mean ± standard deviation.")]
Steps = Annotated[list[int], typer.Option(help="Batches after which accuracy is taken.")]
STEPS = [500, 1000, 2000, 4000]


@dataclass(frozen=True)
class Split:
    """A crawl and its validation images; both standardised by the crawl's mean and variance."""

    crawl: Crawl
    training: Samples
    validation: Samples

    def score(
        self, weight: Weight, steps: list[int], seeds: int, then: Weight | None = None
    ) -> NDArray[np.float64]:
        """Return top-1 and top-5 (seeds, steps, 2) of classifiers trained with weights (N,).

        With ``then`` (N,) there is one more step: fine-tuned with those weights.
        """
        classes = len(self.crawl.names)
        return np.array(
            [
                accuracies(self.training, weight, self.validation, classes, steps, seed, then)
                for seed in range(seeds)
            ]
        )


def read_split(
    paths: tuple[Path, Path],
    truth: Path | None,
    encoder: str | None,
    embeddings: tuple[Path, Path] | None,
    folder: Path,
    noise: tuple[str, float] | None = None,
) -> Split:
    """Read a crawl and its validation images, ``paths``; ``folder`` keeps their features.

    ``noise`` is a kind and a rate of `benchmarks.noise`: of the crawl's right labels so many are
    made wrong. Raises CurateError as `curate weight` does, and for a validation class that is not
    crawled.
    """
    crawl, validation = (
        read_crawl(
            path,
            truth if name == "crawl" else None,
            WeightOptions(path, encoder=encoder, embeddings=features),
            folder / name,
            Console(stderr=True),
        )
        for name, path, features in zip(
            ("crawl", "validation"), paths, embeddings or (None, None), strict=True
        )
    )
    if noise is not None:
        crawl = add_noise(crawl, *noise, np.random.default_rng(0))
    return make_split(crawl, validation)


def make_split(crawl: Crawl, validation: Crawl) -> Split:
    """Standardise the features, and number the validation classes as in the crawl."""
    unknown = set(validation.names) - set(crawl.names)
    if unknown:
        raise CurateError(
            f"{len(unknown)} classes of VALIDATION, such as '{min(unknown)}', are not in the crawl;"
            " leave them out."
        )
    position = np.array([crawl.names.index(name) for name in validation.names])
    x = crawl.features.astype(np.float32)
    mean, spread = x.mean(axis=0), np.maximum(x.std(axis=0), LEAST_SPREAD)
    return Split(
        crawl,
        Samples(torch.from_numpy((x - mean) / spread), torch.from_numpy(crawl.labels).long()),
        Samples(
            torch.from_numpy((validation.features.astype(np.float32) - mean) / spread),
            torch.from_numpy(position[validation.labels]),
        ),
    )
