r"""What a crawl's weights are worth to a network: the SINet paper's models A, B and C, from pixels.

    curate demo demo
    python examples/train_sinet.py demo/crawl.weighted.parquet --schedule 32:20 --batch 32 \
        --test demo/truth.parquet --test-label true_label --hold-out 0.2

The same network is trained for the same number of steps three times, and scored on right labels:

A  on all rows alike;
B  on the surest rows alike: the 40% of each class (--confident) that weigh most;
C  on all rows by weight, with the weighted cross entropy of SINet's Eq. 7.

--top-k 5 trains D: C with smoothed labels. Those of rows outside B give a share (--smoothing) to
the 5 classes that model B finds likeliest, in the proportion of their probabilities.
--schedule 224:100 256:5 trains 100 epochs at 224 pixels, then 5 at 256 at a tenth of the rate. An
epoch is as many steps as all rows take, for B too.

The models, the smoothing and the two resolutions are the paper's (Cheng et al. 2020, arXiv
2008.11586), as a summary tells them; the paper was not at hand, so its Table 1 is not printed here.
Ours: the 40%; as many steps for B; C's weights are divided by their mean, which Eq. 7 does not do,
so that one learning rate suits all; they stay as `curate weight` wrote them while the network
learns; the smoothing's share; the small network, its views and its learning rates.

The test table (Parquet or CSV) has a column of right labels, and either `image` (bytes, or paths
below the table's folder) or `key`, of rows of the crawl, which no model is then trained on. All
pictures are decoded once and held in memory; docs/python.md trains on crawls of any size.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import polars as pl
import timm
import torch
from torch import Tensor, nn
from torch.nn import functional

from curate.errors import CurateError
from curate.images.decode import decode
from curate.images.preprocess import Preprocess
from curate.torch import WeightedImages, weighted_cross_entropy

SMALLEST_CROP = 0.5
"""In training at least this share of a picture's area is shown."""
PAPER = {"A": "51.05 / 74.94", "B": "47.81 / 72.08", "C": "55.57 / 78.34"}
"""The paper's Table 1, top-1 / top-5 on WebVision 2.0 with a ResNeXt-101, as a summary has it."""


class Rows(NamedTuple):
    """Rows of the crawl, or of the test table."""

    images: Tensor
    """(n, 3, side, side) bytes."""
    labels: Tensor
    """(n,) numbers of classes, or (n, C) shares of them."""
    weights: Tensor
    """(n,), 0 or more."""

    def at(self, places: Tensor) -> "Rows":
        """Choose rows by their places (m,) or a mask (n,)."""
        return Rows(*(column[places] for column in self))


def main() -> None:
    """Train and score the models; print a line for each, then the table."""
    options = arguments()
    crawl, test, classes = read(options)
    print(f"{len(crawl.labels):,} rows in {classes} classes, scored on {len(test.labels):,}")
    scores: dict[str, list[Tensor]] = {}
    start = time.process_time()
    for seed in range(options.seeds):
        for model, network in models(crawl, classes, seed, options):
            top = accuracy(network, test, options)
            scores.setdefault(model, []).append(top)
            spent, start = time.process_time() - start, time.process_time()
            found = f"{top[0]:.2f} / {top[1]:.2f}"
            print(f"seed {seed}, {model}: {found}, {spent:.0f} CPU seconds", flush=True)
    print("\ntop-1 and top-5 in percent, mean ± deviation over seeds; the paper's, second hand")
    for model, tops in scores.items():
        deviation, mean = torch.std_mean(torch.stack(tops), 0, correction=0)
        ours = (f"{m:6.2f} ± {d:.2f}" for m, d in zip(mean, deviation, strict=True))
        print(model, *ours, f"  {PAPER.get(model, '')}".rstrip())


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("crawl", type=Path, help="what curate weight wrote")
    add("--test", type=Path, required=True, help="table of right labels")
    add("--test-label", default="label", help="its column (label)")
    add("--hold-out", type=float, default=1.0, help="share of its rows that is used (1)")
    add("--confident", type=float, default=0.4, help="share of each class for model B (0.4)")
    add("--top-k", type=int, default=0, help="classes that labels are smoothed over (0: none)")
    add("--smoothing", type=float, default=0.5, help="share of a label that these get (0.5)")
    add("--schedule", nargs="+", default=["48:10"], metavar="PIXELS:EPOCHS", help="(48:10)")
    add("--decode", type=int, help="pixels that views are cut from (the schedule's most)")
    add("--network", default="small", help="small, or any name that timm knows (small)")
    add("--rate", type=float, default=0.1, help="highest learning rate (0.1)")
    add("--batch", type=int, default=128, help="rows of a step (128)")
    add("--seeds", type=int, default=1, help="how often each model is trained (1)")
    add("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    options.schedule = [tuple(map(int, stage.split(":"))) for stage in options.schedule]
    return options


def read(options: argparse.Namespace) -> tuple[Rows, Rows, int]:
    """Read the crawl, the test rows and the number of classes."""
    side = options.decode or max(pixels for pixels, _ in options.schedule)
    data = WeightedImages(options.crawl, size=side, keep="all")
    images, labels, weights, keys = zip(*(data[place] for place in range(len(data))), strict=True)
    crawl = Rows(torch.stack(images), torch.stack(labels).long(), torch.stack(weights))

    path = options.test
    as_text = path.suffix == ".csv"
    table = pl.read_csv(path, infer_schema=False) if as_text else pl.read_parquet(path)
    number = pl.col(options.test_label).cast(pl.Enum(data.classes), strict=False).to_physical()
    table = table.with_columns(number.cast(pl.Int64).alias("right")).drop_nulls("right")
    table = table.sample(fraction=options.hold_out, seed=0)
    if "image" in table.columns:
        pictures = torch.stack([picture(image, path.parent, side) for image in table["image"]])
        test = Rows(pictures, table["right"].to_torch(), torch.ones(len(table)))
    else:
        places = dict(zip(keys, range(len(keys)), strict=True))
        table = table.with_columns(pl.col("key").cast(pl.String)).filter(
            pl.col("key").is_in(places)
        )
        held = torch.tensor([places[key] for key in table["key"]], dtype=torch.long)
        test = crawl.at(held)._replace(labels=table["right"].to_torch())
        crawl = crawl.at(torch.ones(len(keys), dtype=torch.bool).index_fill(0, held, False))
    if not len(test.labels) or not len(crawl.labels):
        raise CurateError(
            f"{path}: {len(test.labels)} of its rows can be scored on, and {len(crawl.labels)} rows"
            " are left to train on; see to its keys, --test-label and --hold-out."
        )
    return crawl, test, len(data.classes)


def picture(image: bytes | str, folder: Path, side: int) -> Tensor:
    """Decode a test picture (3, side, side) as the crawl's are."""
    data = image if isinstance(image, bytes) else Path(folder, image).read_bytes()
    return torch.from_numpy(decode(data, Preprocess(side))).permute(2, 0, 1)


def models(
    crawl: Rows, classes: int, seed: int, options: argparse.Namespace
) -> Iterator[tuple[str, nn.Module]]:
    """Train A, B, C and, with --top-k, D: the same rows with other weights and labels."""
    fit = partial(train, classes=classes, seed=seed, options=options)
    sure = surest(crawl, options.confident)
    yield "A", fit(crawl._replace(weights=torch.ones_like(crawl.weights)))
    b = fit(crawl._replace(weights=sure.float()))
    yield "B", b
    yield "C", fit(crawl)
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


def train(crawl: Rows, classes: int, seed: int, options: argparse.Namespace) -> nn.Module:
    """Train a network on the rows that weigh something, for as many steps as all of them take."""
    torch.manual_seed(seed)
    network = make_network(options.network, classes).to(options.device)
    network.to(memory_format=torch.channels_last).train()
    rows = crawl.at(crawl.weights > 0)
    rows = rows._replace(weights=rows.weights / rows.weights.mean())
    for stage, (side, epochs) in enumerate(options.schedule):
        steps = max(epochs * len(crawl.labels) // options.batch, 1)
        rate = options.rate / 10 ** min(stage, 1)
        optimizer = torch.optim.SGD(
            network.parameters(), rate, 0.9, nesterov=True, weight_decay=5e-4
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, steps + 1, pct_start=0.2)
        for places in batches(len(rows.labels), options.batch, steps):
            images, labels, weights = (column.to(options.device) for column in rows.at(places))
            views = another_view(images, side)
            with half(options.device):
                logits = network(views)
            loss = weighted_cross_entropy(logits, labels, weights)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return network.eval()


def batches(rows: int, size: int, steps: int) -> Iterator[Tensor]:
    """Draw the places of rows, all of them before any again."""
    passes = -(-steps * size // rows)
    order = torch.cat([torch.randperm(rows) for _ in range(passes)])
    return iter(order[: steps * size].split(size))


def another_view(images: Tensor, side: int) -> Tensor:
    """Show another part of each picture (n, 3, s, s), half of them mirrored: (n, 3, side, side)."""
    n = len(images)
    length = torch.empty(n).uniform_(SMALLEST_CROP, 1).sqrt()
    view = torch.zeros(n, 2, 3)
    view[:, 0, 0] = length * torch.randint(0, 2, (n,)).mul(2).sub(1)
    view[:, 1, 1] = length
    view[:, :, 2] = torch.empty(n, 2).uniform_(-1, 1) * (1 - length)[:, None]
    grid = functional.affine_grid(view.to(images.device), [n, 3, side, side], align_corners=False)
    shown = functional.grid_sample(
        scaled(images), grid, padding_mode="reflection", align_corners=False
    )
    return shown.contiguous(memory_format=torch.channels_last)


def scaled(images: Tensor) -> Tensor:
    """Bring bytes to about mean 0 and variance 1."""
    return (images.float() - 120) / 70


def half(device: str) -> torch.autocast:
    """Compute in bfloat16 where the device does so natively."""
    kind = torch.device(device).type
    of_cpu: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    able = kind == "cuda" or of_cpu.get("avx512_bf16", False)
    return torch.autocast(kind, torch.bfloat16, enabled=able)


@torch.inference_mode()
def predict(network: nn.Module, images: Tensor, options: argparse.Namespace) -> Tensor:
    """Return the logits (n, C) of whole pictures (n, 3, s, s) at the last size of the schedule."""
    size = 2 * options.schedule[-1][:1]
    logits = []
    for part in images.split(512):
        whole = scaled(part.to(options.device))
        shown = functional.interpolate(whole, size, mode="bilinear", antialias=True)
        with half(options.device):
            logits.append(network(shown).float().cpu())
    return torch.cat(logits)


def accuracy(network: nn.Module, test: Rows, options: argparse.Namespace) -> Tensor:
    """Return top-1 and top-5 accuracy (2,) in percent."""
    logits = predict(network, test.images, options)
    ranked = logits.topk(min(5, logits.shape[1])).indices
    hits = ranked == test.labels[:, None]
    return 100 * torch.stack([hits[:, :1].any(1).float().mean(), hits.any(1).float().mean()])


def make_network(name: str, classes: int) -> nn.Module:
    """Make a network of timm's, or a small residual one of 1.2 million parameters."""
    if name != "small":
        return timm.create_model(name, num_classes=classes)
    return nn.Sequential(
        *(nn.Conv2d(3, 64, 4, stride=4, bias=False), nn.BatchNorm2d(64), nn.ReLU()),
        *(Residual(64, 64, 1), Residual(64, 128, 2), Residual(128, 256, 2)),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, classes)),
    )


class Residual(nn.Module):
    """Two 3x3 convolutions beside a shortcut (He et al. 2016)."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *(nn.Conv2d(before, width, 3, stride, padding=1, bias=False), nn.BatchNorm2d(width)),
            nn.ReLU(),
            *(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)),
        )
        self.shortcut = nn.Sequential()
        if stride > 1:
            self.shortcut = nn.Sequential(
                nn.Conv2d(before, width, 1, stride, bias=False), nn.BatchNorm2d(width)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Turn maps (n, before, h, w) into (n, width, h / stride, w / stride)."""
        return functional.relu(self.body(x) + self.shortcut(x))


if __name__ == "__main__":
    try:
        main()
    except CurateError as error:
        sys.exit(f"Error: {error}")
