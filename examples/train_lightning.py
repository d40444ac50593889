"""Train a network on a weighted crawl with Lightning.

    pip install lightning
    curate demo demo
    python examples/train_lightning.py demo/crawl.weighted.parquet

Each batch brings its weights along: the line with the loss is all that differs from other training.
"""

import argparse
from typing import Any

import lightning
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torchvision.transforms import v2

from curate.torch import Sample, WeightedImages, weighted_cross_entropy


class Classifier(lightning.LightningModule):
    """A small network, for the demo's figures; put yours in its place."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, width in ((3, 24), (24, 48), (48, 96)):
            layers += [nn.Conv2d(before, width, 3, padding=1), nn.MaxPool2d(2)]
            layers += [nn.BatchNorm2d(width), nn.ReLU()]
        head = [nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(96, classes)]
        self.network = nn.Sequential(*layers, *head)

    def training_step(self, batch: Sample) -> Tensor:
        """Give the weighted loss of a batch."""
        return weighted_cross_entropy(self.network(batch.image), batch.label, batch.weight)

    def validation_step(self, batch: Sample) -> None:
        """Count what is right."""
        right = self.network(batch.image).argmax(1) == batch.label
        self.log("right", right.float().mean(), batch_size=len(right), prog_bar=True)

    def configure_optimizers(self) -> Any:
        """AdamW, its rate going up and down once."""
        optimizer = torch.optim.AdamW(self.parameters(), lr=0.01, weight_decay=0.05)
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, total_steps=steps)
        return [optimizer], [{"scheduler": schedule, "interval": "step"}]


def main() -> None:
    """Train, then count what is right on rows that were held out."""
    parser = argparse.ArgumentParser()
    parser.add_argument("weighted", help="what curate weight wrote")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--size", type=int, default=24, help="of the pictures, in pixels")
    parser.add_argument("--workers", type=int, default=0, help="processes that decode pictures")
    options = parser.parse_args()

    lightning.seed_everything(0)
    scale = v2.Compose([v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5] * 3, [0.25] * 3)])
    split = {"split": "0.8/0.2", "size": options.size}
    train = WeightedImages(options.weighted, scale, part="train", **split)
    held_out = WeightedImages(options.weighted, scale, part="validation", keep="clean", **split)

    model = Classifier(len(train.classes))
    trainer = lightning.Trainer(
        max_epochs=options.epochs, logger=False, enable_checkpointing=False, num_sanity_val_steps=0
    )
    trainer.fit(
        model,
        DataLoader(train, 32, shuffle=True, drop_last=True, num_workers=options.workers),
        DataLoader(held_out, 256, num_workers=options.workers),
    )
    right = trainer.callback_metrics["right"]
    print(f"right on {right:.1%} of {len(held_out)} held-out rows not flagged")


if __name__ == "__main__":
    main()
