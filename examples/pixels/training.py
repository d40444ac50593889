"""Training a network on weighted rows, and what it then says of others."""

import argparse
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import swa_utils

from curate.torch import weighted_cross_entropy
from pixels.network import make_network
from pixels.rows import Rows

SMALLEST_CROP = 0.5
"""In training at least this share of a picture's area is shown."""
MEMORY = 0.99
"""Of an average over steps: each counts by so much less than the next."""


def add_training_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of how a network is trained."""
    add, default = parser.add_argument, [(48, 10)]
    add(
        "--schedule",
        nargs="+",
        type=stage,
        default=default,
        metavar="PIXELS:EPOCHS",
        help="(48:10)",
    )
    add("--decode", type=int, help="pixels that views are cut from (the schedule's most)")
    add("--network", default="small", help="small, or any name that timm knows (small)")
    add("--rate", type=float, default=0.1, help="highest learning rate (0.1)")
    add("--batch", type=int, default=128, help="rows of a step (128)")
    add("--seeds", type=int, default=1, help="how often each model is trained (1)")
    add("--device", default="cuda" if torch.cuda.is_available() else "cpu")


def stage(text: str) -> tuple[int, int]:
    """Read PIXELS:EPOCHS."""
    pixels, epochs = map(int, text.split(":"))
    return pixels, epochs


def stages(options: argparse.Namespace) -> list[tuple[int, int, float]]:
    """List the pixels, epochs and highest learning rate of each stage of the schedule."""
    rates = [options.rate] + [options.rate / 10] * (len(options.schedule) - 1)
    return [(*each, rate) for each, rate in zip(options.schedule, rates, strict=True)]


def train(crawl: Rows, classes: int, seed: int, options: argparse.Namespace) -> nn.Module:
    """Train a network on the rows that weigh something, for as many steps as all of them take."""
    training = Training(crawl, classes, seed, options)
    for side, epochs, rate in stages(options):
        training.begin(side, epochs, rate)
        training.run(crawl.weights, epochs)
    return training.network.eval()


class Training:
    """A network that learns from rows whose weights may change meanwhile."""

    def __init__(self, rows: Rows, classes: int, seed: int, options: argparse.Namespace) -> None:
        torch.manual_seed(seed)
        self.network = make_network(options.network, classes).to(options.device)
        self.network.to(memory_format=torch.channels_last)
        self._rows, self._options = rows, options
        self._average: swa_utils.AveragedModel | None = None

    def averaged(self) -> nn.Module:
        """Give a network that follows this one as the average of its last steps."""
        memory = swa_utils.get_ema_multi_avg_fn(MEMORY)
        self._average = swa_utils.AveragedModel(self.network, multi_avg_fn=memory, use_buffers=True)
        return self._average.eval()

    def begin(self, side: int, epochs: int, rate: float) -> None:
        """Begin a stage of that many epochs on pictures of ``side`` pixels."""
        self._side, self._epochs = side, 0
        self._optimizer = torch.optim.SGD(
            self.network.parameters(), rate, 0.9, nesterov=True, weight_decay=5e-4
        )
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self._optimizer, rate, self._steps(epochs) + 1, pct_start=0.2
        )

    def run(self, weights: Tensor, epochs: int) -> None:
        """Train on the rows that weigh (n,) something; an epoch is as long as all rows take."""
        self.network.train()
        places = torch.nonzero(weights)[:, 0]
        rows = self._rows._replace(weights=weights / weights[places].mean())
        done = self._steps(self._epochs) if self._epochs else 0
        self._epochs += epochs
        for chosen in batches(len(places), self._options.batch, self._steps(self._epochs) - done):
            self._step(rows.at(places[chosen]))

    def _steps(self, epochs: int) -> int:
        """Count the steps of the first epochs of a stage."""
        return max(epochs * len(self._rows.labels) // self._options.batch, 1)

    def _step(self, rows: Rows) -> None:
        images, labels, weights = (column.to(self._options.device) for column in rows)
        views = another_view(images, self._side)
        with half_precision(self._options.device):
            logits = self.network(views)
        loss = weighted_cross_entropy(logits, labels, weights)
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        self._schedule.step()
        if self._average is not None:
            self._average.update_parameters(self.network)


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


def half_precision(device: str) -> torch.autocast:
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
        with half_precision(options.device):
            logits.append(network(shown).float().cpu())
    return torch.cat(logits)


def accuracy(network: nn.Module, test: Rows, options: argparse.Namespace) -> Tensor:
    """Return top-1 and top-5 accuracy (2,) in percent."""
    logits = predict(network, test.images, options)
    ranked = logits.topk(min(5, logits.shape[1])).indices
    hits = ranked == test.labels[:, None]
    return 100 * torch.stack([hits[:, :1].any(1).float().mean(), hits.any(1).float().mean()])


def mean_and_deviation(tops: list[Tensor]) -> str:
    """Write the mean of accuracies (2,) over seeds, ± their standard deviation."""
    deviation, mean = torch.std_mean(torch.stack(tops), 0, correction=0)
    return " ".join(f"{m:6.2f} ± {d:.2f}" for m, d in zip(mean, deviation, strict=True))
