"""Train a network on a weighted crawl in WebDataset tars.

    pip install webdataset
    curate demo demo
    curate export demo/crawl.weighted.parquet --to webdataset --out demo/shards --split 0.8/0.2
    python examples/train_webdataset.py demo/shards

Each sample is NUMBER.jpg and NUMBER.json, which holds all columns: label, weight, label_quality ...
"""

import argparse
import io
import json
from pathlib import Path
from typing import Any

import torch
import webdataset as wds
from PIL import Image
from torch import nn
from torchvision.transforms import v2

from curate.torch import weighted_cross_entropy


def network(classes: int) -> nn.Module:
    """Three convolutions and a linear layer, for the demo's figures; put yours in its place."""
    layers: list[nn.Module] = []
    for before, width in ((3, 24), (24, 48), (48, 96)):
        layers += [nn.Conv2d(before, width, 3, padding=1), nn.MaxPool2d(2)]
        layers += [nn.BatchNorm2d(width), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(96, classes))


def main() -> None:
    """Train, then count what is right on rows that were held out."""
    parser = argparse.ArgumentParser()
    parser.add_argument("shards", type=Path, help="what curate export --to webdataset wrote")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--size", type=int, default=24, help="of the pictures, in pixels")
    parser.add_argument("--workers", type=int, default=0, help="processes that read tars")
    options = parser.parse_args()

    torch.manual_seed(0)
    tars = {p: sorted(map(str, options.shards.glob(f"{p}/*.tar"))) for p in ("train", "validation")}
    columns = wds.WebDataset(tars["train"], shardshuffle=False, select_files=is_json)
    labels = [json.loads(sample["json"])["label"] for sample in columns]
    classes = sorted(set(labels))
    scale = v2.Compose(
        [
            v2.PILToTensor(),
            v2.Resize((options.size, options.size)),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize([0.5] * 3, [0.25] * 3),
        ]
    )

    def sample(parts: dict[str, bytes]) -> tuple[Any, int, float, bool]:
        row = json.loads(parts["json"])
        picture = scale(Image.open(io.BytesIO(parts["image"])).convert("RGB"))
        return picture, classes.index(row["label"]), row["weight"], row["is_label_issue"]

    def batches(part: str, size: int, seed: int | None = None) -> wds.WebLoader:
        shuffle = 0 if seed is None else 1000
        data = wds.WebDataset(tars[part], shardshuffle=shuffle, seed=seed)
        data = data.shuffle(shuffle, initial=shuffle, seed=seed)
        data = data.rename(image="jpg;png;webp;gif", json="json").map(sample)
        data = data.batched(size, partial=part != "train")
        return wds.WebLoader(data, batch_size=None, num_workers=options.workers)

    model = network(len(classes))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.05)
    steps = len(labels) // 32
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 0.01, total_steps=options.epochs * steps
    )
    for epoch in range(options.epochs):
        total = 0.0
        for images, targets, weights, _ in batches("train", 32, seed=epoch):
            loss = weighted_cross_entropy(model(images), targets, weights.float())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1}: loss {total / steps:.3f}")

    model.eval()
    right = rows = 0
    with torch.no_grad():
        for images, targets, _, flagged in batches("validation", 256):
            right += int((model(images).argmax(1) == targets)[~flagged].sum())
            rows += int((~flagged).sum())
    print(f"right on {right / rows:.1%} of {rows} held-out rows not flagged")


def is_json(name: str) -> bool:
    """Tell the files that hold the columns."""
    return name.endswith(".json")


if __name__ == "__main__":
    main()
