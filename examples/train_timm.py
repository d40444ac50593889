"""Train a network of timm on a weighted crawl, with timm's augmentation, optimizer and schedule.

    pip install timm
    curate demo demo
    python examples/train_timm.py demo/crawl.weighted.parquet

The network is a small one that knows nothing; with --model resnet50 --pretrained --size 224 it is
one that does.
"""

import argparse

import timm
import torch
from timm.data import create_transform
from timm.optim import create_optimizer_v2
from timm.scheduler import create_scheduler_v2
from timm.utils import AverageMeter, accuracy
from torch.utils.data import DataLoader
from torchvision.transforms import Compose, ToPILImage

from curate.torch import WeightedImages, weighted_cross_entropy


def main() -> None:
    """Train, then count what is right on rows that were held out."""
    parser = argparse.ArgumentParser()
    parser.add_argument("weighted", help="what curate weight wrote")
    parser.add_argument("--model", default="test_resnet")
    parser.add_argument("--pretrained", action="store_true")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--size", type=int, default=24, help="of the pictures, in pixels")
    parser.add_argument("--workers", type=int, default=0, help="processes that decode pictures")
    options = parser.parse_args()

    torch.manual_seed(0)
    # timm's transforms take PIL images, here a little larger than the crop.
    shape = {"train_crop_mode": "rkrc", "scale": (1, 1), "ratio": (1, 1), "color_jitter": None}
    augment = Compose([ToPILImage(), create_transform(options.size, is_training=True, **shape)])
    crop = Compose([ToPILImage(), create_transform(options.size)])
    split = {"split": "0.8/0.2", "size": options.size * 8 // 7}
    train = WeightedImages(options.weighted, augment, part="train", **split)
    held_out = WeightedImages(options.weighted, crop, part="validation", keep="clean", **split)
    batches = DataLoader(train, 32, shuffle=True, drop_last=True, num_workers=options.workers)

    model = timm.create_model(
        options.model, pretrained=options.pretrained, num_classes=len(train.classes)
    )
    optimizer = create_optimizer_v2(model, "adamw", lr=0.01, weight_decay=0.05)
    schedule, epochs = create_scheduler_v2(
        optimizer,
        "cosine",
        num_epochs=options.epochs,
        warmup_epochs=1,
        step_on_epochs=False,
        updates_per_epoch=len(batches),
    )
    updates = 0
    for epoch in range(epochs):
        losses = AverageMeter()
        for images, labels, weights, _ in batches:
            loss = weighted_cross_entropy(model(images), labels, weights)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            updates += 1
            schedule.step_update(updates)
            losses.update(loss.item(), len(images))
        print(f"epoch {epoch + 1}: loss {losses.avg:.3f}")

    model.eval()
    right = AverageMeter()
    with torch.no_grad():
        for images, labels, _, _ in DataLoader(held_out, 256, num_workers=options.workers):
            right.update(accuracy(model(images), labels)[0].item(), len(images))
    print(f"right on {right.avg:.1f}% of {right.count} held-out rows not flagged")


if __name__ == "__main__":
    main()
