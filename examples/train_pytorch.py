"""Train a network on a weighted crawl with plain PyTorch.

    curate demo demo
    python examples/train_pytorch.py demo/crawl.weighted.parquet

The loss of each image is multiplied by its weight (SINet Eq. 7); images of weight 0 are left out.
The network is small, for the demo's figures; put yours in its place.
"""

import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision.transforms import v2

from curate.torch import WeightedImages, weighted_cross_entropy


def network(classes: int) -> nn.Module:
    """Three convolutions and a linear layer."""
    layers: list[nn.Module] = []
    for before, width in ((3, 24), (24, 48), (48, 96)):
        layers += [nn.Conv2d(before, width, 3, padding=1), nn.MaxPool2d(2)]
        layers += [nn.BatchNorm2d(width), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(96, classes))


def main() -> None:
    """Train, then count what is right on rows that were held out."""
    parser = argparse.ArgumentParser()
    parser.add_argument("weighted", help="what curate weight wrote")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--size", type=int, default=24, help="of the pictures, in pixels")
    parser.add_argument("--workers", type=int, default=0, help="processes that decode pictures")
    options = parser.parse_args()

    torch.manual_seed(0)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    scale = v2.Compose([v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5] * 3, [0.25] * 3)])
    flip = v2.Compose([v2.RandomHorizontalFlip(), scale])
    split = {"split": "0.8/0.2", "size": options.size}
    train = WeightedImages(options.weighted, flip, part="train", **split)
    held_out = WeightedImages(options.weighted, scale, part="validation", keep="clean", **split)
    batches = DataLoader(train, 32, shuffle=True, drop_last=True, num_workers=options.workers)

    model = network(len(train.classes)).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.05)
    steps = options.epochs * len(batches)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, total_steps=steps)
    for epoch in range(options.epochs):
        total = 0.0
        for images, labels, weights, _ in batches:
            logits = model(images.to(device))
            loss = weighted_cross_entropy(logits, labels.to(device), weights.to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1}: loss {total / len(batches):.3f}")

    model.eval()
    right = 0
    with torch.no_grad():
        for images, labels, _, _ in DataLoader(held_out, 256, num_workers=options.workers):
            right += int((model(images.to(device)).argmax(1).cpu() == labels).sum())
    print(f"right on {right / len(held_out):.1%} of {len(held_out)} held-out rows not flagged")


if __name__ == "__main__":
    main()
