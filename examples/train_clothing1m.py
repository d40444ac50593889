r"""Do noisy rows help who has verified some? SINet's protocol on Clothing1M, from pixels.

    curate demo demo
    python examples/train_clothing1m.py demo/crawl.parquet --schedule 32:5 --batch 32 \
        --checked demo/truth.parquet --checked-label true_label --encoder embedded \
        --test-share 0.2 --verified-share 0.1

The table of checked rows (key, and a column of right labels; null: none of the classes) is divided:
--test-share of it is scored on, and no model is trained on it; --verified-share of it are the
verified rows. The prototypes of their classes are the means of verified rows alone (`curate weight`
with --verified and --verified-use only); by these the other, noisy rows are weighed. The same
network is trained on

V  the verified rows alone;
A  the noisy rows alike;
C  the noisy rows by weight (SINet Eq. 7),

for the same number of steps, and A and C are then fine-tuned: as many epochs of the verified rows,
at a tenth of the learning rate. If C, fine-tuned, is not above V, the noisy rows are of no use.

The protocol is that of the paper's Table 8 (Cheng et al. 2020, arXiv 2008.11586: 77.26 with 25,000
verified rows and 81.32 with 50,000), where the network is a ResNet50 that begins with ImageNet's
weights; ours begins with nothing.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import torch
from pixels.rows import Crawl, Rows, places_of, read_crawl, read_table, right_labels
from pixels.training import (
    Training,
    accuracy,
    add_training_options,
    mean_and_deviation,
    stages,
    train,
)
from torch import Tensor, nn

import curate
from curate.errors import CurateError


def main() -> None:
    """Weigh the crawl, train and score the models; print a line for each, then the table."""
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        crawl, verified, noisy = read(options, Path(folder))
    print(
        f"{int(noisy.sum()):,} noisy rows and {int(verified.sum()):,} verified ones in"
        f" {crawl.classes} classes, scored on {len(crawl.test.labels):,}"
    )
    tops: dict[str, list[Tensor]] = {}
    for seed in range(options.seeds):
        for name, network in models(crawl, verified, noisy, seed, options):
            top = accuracy(network, crawl.test, options)
            tops.setdefault(name, []).append(top)
            print(f"seed {seed}, {name}: {top[0]:.2f} / {top[1]:.2f}", flush=True)
    print("\ntop-1 and top-5 in percent, mean ± deviation over seeds")
    for name, found in tops.items():
        print(f"{name:13}", mean_and_deviation(found))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("crawl", type=Path, help="any manifest that curate weight takes, with pictures and keys")
    add_training_options(parser)
    add("--checked", type=Path, required=True, help="table of checked rows: key, right label")
    add("--checked-label", default="label", help="its column of labels (label)")
    add("--test-share", type=float, default=0.5, help="share of it that is scored on (0.5)")
    add("--verified-share", type=float, default=0.5, help="share of it that is verified (0.5)")
    add("--encoder", help="as in curate weight")
    add("--embeddings", type=Path, help="as in curate weight")
    return parser.parse_args()


def read(options: argparse.Namespace, folder: Path) -> tuple[Crawl, Tensor, Tensor]:
    """Weigh the crawl by its verified rows; also tell which rows are verified and noisy: (n,).

    Verified rows have their right labels. A row that shows none of the classes is neither.
    """
    test, verified = divide(options, folder)
    weighted = folder / "weighted.parquet"
    features = {"encoder": options.encoder, "embeddings": options.embeddings}
    curate.weight(
        options.crawl, verified=verified, verified_use="only", out=weighted, run_dir=folder / "run",
        **features,
    )  # fmt: skip
    side = options.decode or max(pixels for pixels, _ in options.schedule)
    crawl = read_crawl(weighted, side, test, "label")
    table = right_labels(verified, "label", crawl.data.classes)
    places, found = places_of(table, crawl.keys)
    seen, _ = places_of(pl.read_parquet(verified), crawl.keys)
    rows = len(crawl.keys)
    is_verified = torch.zeros(rows, dtype=torch.bool).index_fill(0, places, True)
    is_noisy = torch.ones(rows, dtype=torch.bool).index_fill(0, seen, False)
    if not is_verified.any():
        raise CurateError(f"{options.checked}: none of its rows is left to verify; check more.")
    labels = crawl.rows.labels.clone()
    labels[places] = found["right"].to_torch()
    return crawl._replace(rows=crawl.rows._replace(labels=labels)), is_verified, is_noisy


def divide(options: argparse.Namespace, folder: Path) -> tuple[Path, Path]:
    """Write the checked rows that are scored on, and the verified ones: key, label."""
    rows = read_table(options.checked).select(
        "key", label=pl.col(options.checked_label).cast(pl.String)
    )
    rows = rows.sample(fraction=1, shuffle=True, seed=0)
    tested, verified = (
        round(share * len(rows)) for share in (options.test_share, options.verified_share)
    )
    paths = folder / "test.parquet", folder / "verified.parquet"
    for path, part in zip(paths, (rows[:tested], rows[tested:][:verified]), strict=True):
        part.write_parquet(path)
    return paths


def models(
    crawl: Crawl, verified: Tensor, noisy: Tensor, seed: int, options: argparse.Namespace
) -> Iterator[tuple[str, nn.Module]]:
    """Train V, A and C, and fine-tune A and C."""
    rows, classes = crawl.rows, crawl.classes
    weights = {"V": verified.float(), "A": noisy.float(), "C": noisy * rows.weights}
    for name, weight in weights.items():
        network = train(rows._replace(weights=weight), classes, seed, options)
        yield name, network
        if name != "V":
            fine_tuned = fine_tune(network, rows.at(verified), classes, seed, options)
            yield f"{name}, fine-tuned", fine_tuned


def fine_tune(
    network: nn.Module, rows: Rows, classes: int, seed: int, options: argparse.Namespace
) -> nn.Module:
    """Go on with a network on the verified rows, in small steps."""
    training = Training(rows, classes, seed, options)
    training.network.load_state_dict(network.state_dict())
    for side, epochs, rate in stages(options):
        training.begin(side, epochs, rate / 10)
        training.run(torch.ones(len(rows.labels)), epochs)
    return training.network.eval()


if __name__ == "__main__":
    try:
        main()
    except CurateError as error:
        sys.exit(f"Error: {error}")
