r"""What a crawl's weights are worth to a network: the SINet paper's models A, B and C, from pixels.

    curate demo demo
    python examples/train_sinet.py demo/crawl.weighted.parquet --schedule 32:20 --batch 32 \
        --test demo/truth.parquet --test-label true_label --hold-out 0.2

The same network is trained for the same number of steps three times, and scored on right labels:

A  on all rows alike;
B  on the surest rows alike: the 40% of each class (--confident) that weigh most;
C  on all rows by weight, with the weighted cross entropy of SINet's Eq. 7.

--refresh 3 trains R, the paper's loop: C, but every 3 epochs all rows are weighed again (Eq. 4 to
6) by what networks see of them by then, beside the features that the crawl was weighed by. Two more
networks learn for that, each from a half of the rows, and each judges the half that it does not
learn from: a network that judged the labels it learns would find them right. R takes twice as long.

--top-k 5 trains D: C with smoothed labels. Those of rows outside B give a share (--smoothing) to
the 5 classes that model B finds likeliest, in the proportion of their probabilities.
--schedule 224:100 256:5 trains 100 epochs at 224 pixels, then 5 at 256 at a tenth of the rate. An
epoch is as many steps as all rows take, for B too.

The models, the smoothing, the refreshed prototypes and the two resolutions are the paper's (Cheng
et al. 2020, arXiv 2008.11586). Ours: the 40%; as many steps for B; C's weights are divided by their
mean, which Eq. 7 does not do, so that one learning rate suits all; the two halves; the smoothing's
share; the small network, its views and its learning rates.

The test table (Parquet or CSV) has a column of right labels, and either `image` (bytes, or paths
below the table's folder) or `key`, of rows of the crawl, which no model is then trained on. All
pictures are decoded once and held in memory; docs/python.md trains on crawls of any size.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch
from pixels.rows import Rows, read_crawl
from pixels.training import (
    Training,
    accuracy,
    add_training_options,
    mean_and_deviation,
    predict,
    stages,
    train,
)
from torch import Tensor, nn
from torch.nn import functional

from curate.errors import CurateError
from curate.torch import refreshed_weights

PAPER = {"A": "51.05 / 74.94", "B": "47.81 / 72.08", "C": "55.57 / 78.34"}
"""The paper's Table 1, top-1 / top-5 on WebVision 2.0 with a ResNeXt-101."""


def main() -> None:
    """Train and score the models; print a line for each, then the table."""
    options = arguments()
    side = options.decode or max(pixels for pixels, _ in options.schedule)
    crawl = read_crawl(options.crawl, side, options.test, options.test_label, options.hold_out)
    rows, test, classes = crawl.rows, crawl.test, crawl.classes
    print(f"{len(rows.labels):,} rows in {classes} classes, scored on {len(test.labels):,}")
    again = partial(refreshed_weights, crawl.data, places=crawl.places)
    scores: dict[str, list[Tensor]] = {}
    start = time.process_time()
    for seed in range(options.seeds):
        for model, network in models(rows, again, classes, seed, options):
            top = accuracy(network, test, options)
            scores.setdefault(model, []).append(top)
            spent, start = time.process_time() - start, time.process_time()
            found = f"{top[0]:.2f} / {top[1]:.2f}"
            print(f"seed {seed}, {model}: {found}, {spent:.0f} CPU seconds", flush=True)
    print("\ntop-1 and top-5 in percent, mean ± deviation over seeds; the paper's Table 1")
    for model, tops in scores.items():
        print(model, mean_and_deviation(tops), f"  {PAPER.get(model, '')}".rstrip())


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("crawl", type=Path, help="what curate weight wrote")
    add_training_options(parser)
    add("--test", type=Path, required=True, help="table of right labels")
    add("--test-label", default="label", help="its column (label)")
    add("--hold-out", type=float, default=1.0, help="share of its rows that is used (1)")
    add("--confident", type=float, default=0.4, help="share of each class for model B (0.4)")
    add("--refresh", type=int, default=0, help="epochs between two refreshes (0: none)")
    add("--top-k", type=int, default=0, help="classes that labels are smoothed over (0: none)")
    add("--smoothing", type=float, default=0.5, help="share of a label that these get (0.5)")
    return parser.parse_args()


def models(
    crawl: Rows,
    again: Callable[..., Tensor],
    classes: int,
    seed: int,
    options: argparse.Namespace,
) -> Iterator[tuple[str, nn.Module]]:
    """Train A, B, C and what was asked for: the same rows with other weights and labels."""
    fit = partial(train, classes=classes, seed=seed, options=options)
    sure = surest(crawl, options.confident)
    yield "A", fit(crawl._replace(weights=torch.ones_like(crawl.weights)))
    b = fit(crawl._replace(weights=sure.float()))
    yield "B", b
    yield "C", fit(crawl)
    if options.refresh:
        yield "R", train_refreshed(crawl, again, classes, seed, options)
    if options.top_k:
        yield "D", fit(crawl._replace(labels=smoothed(crawl, sure, b, options)))


def surest(crawl: Rows, share: float) -> Tensor:
    """Tell the rows (n,) that are the heaviest share of their class, at least one of each."""
    sure = torch.zeros(len(crawl.labels), dtype=torch.bool)
    for label in crawl.labels.unique():
        rows = torch.nonzero(crawl.labels == label)[:, 0]
        count = max(round(share * len(rows)), 1)
        sure[rows[crawl.weights[rows].topk(count).indices]] = True
    return sure


def smoothed(crawl: Rows, sure: Tensor, b: nn.Module, options: argparse.Namespace) -> Tensor:
    """Share out the labels that are not sure over model B's likeliest classes: (n, C)."""
    logits = predict(b, crawl.images, options)
    top = logits.topk(options.top_k)
    shares = torch.zeros_like(logits).scatter_(1, top.indices, top.values.softmax(1))
    given = functional.one_hot(crawl.labels, logits.shape[1]).float()
    share = torch.where(sure, 0.0, options.smoothing)[:, None]
    return (1 - share) * given + share * shares


def train_refreshed(
    crawl: Rows,
    again: Callable[[Tensor], Tensor],
    classes: int,
    seed: int,
    options: argparse.Namespace,
) -> nn.Module:
    """Train as `train`, but weigh the rows again every few epochs: ``again`` of logits (n, C).

    Two more networks learn beside it, each from a half of the rows. The average of each over its
    last steps says what it sees in the half that it does not learn from.
    """
    weights = crawl.weights
    half = torch.rand(len(weights), generator=torch.Generator().manual_seed(seed)) < 0.5
    parts = [torch.ones_like(half), half, ~half]
    trainings = [Training(crawl.at(part), classes, seed, options) for part in parts]
    main, *others = trainings
    averages = [other.averaged() for other in others]
    for number, (side, epochs, rate) in enumerate(stages(options)):
        for training in trainings:
            training.begin(side, epochs, rate)
        for start in range(0, epochs, options.refresh):
            if number or start:
                seen = [predict(average, crawl.images, options) for average in averages]
                weights = again(torch.where(half[:, None], seen[1], seen[0]))
            for part, training in zip(parts, trainings, strict=True):
                training.run(weights[part], min(options.refresh, epochs - start))
    return main.network.eval()


if __name__ == "__main__":
    try:
        main()
    except CurateError as error:
        sys.exit(f"Error: {error}")
