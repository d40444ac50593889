"""Weigh a crawl by the features of your own network, given as ONNX.

    pip install onnxscript
    curate demo demo
    python examples/own_encoder.py demo/own.onnx
    curate weight demo/crawl.parquet --encoder onnx:demo/own.onnx --out demo/own.parquet

An encoder is a network from pictures (n, 3, size, size) to features (n, D), and a JSON of the same
name that says how pictures are prepared. Here it is a bank of filters that sees edges; put yours in
its place, such as timm.create_model("resnet50", pretrained=True, num_classes=0), and what it was
trained with in the JSON.
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

SIZE, MEAN, STD = 48, [0.5] * 3, [0.25] * 3


class Edges(nn.Module):
    """How strong the edges of eight directions are in each of 6 x 6 regions."""

    def __init__(self, side: int = 7, regions: int = 6) -> None:
        super().__init__()
        at = torch.linspace(-1, 1, side)
        y, x = torch.meshgrid(at, at, indexing="ij")
        angles = [math.pi * step / 8 for step in range(8)]
        along = torch.stack([x * math.cos(angle) + y * math.sin(angle) for angle in angles])
        filters = torch.sin(math.pi * along) * torch.exp(-2 * (x**2 + y**2))
        self.filters = nn.Conv2d(1, 8, side, padding=side // 2, bias=False)
        self.filters.weight = nn.Parameter(filters[:, None])
        self.pool = nn.AvgPool2d(SIZE // regions)

    def forward(self, pictures: Tensor) -> Tensor:
        """Turn pictures (n, 3, SIZE, SIZE) into features (n, 288)."""
        strength = self.filters(pictures.mean(dim=1, keepdim=True)).abs()
        return self.pool(strength).flatten(1)


def main() -> None:
    """Write the network and its JSON, and compare what both runtimes say."""
    parser = argparse.ArgumentParser()
    parser.add_argument("onnx", type=Path, help="where to write the network")
    path = parser.parse_args().onnx

    network = Edges().eval()
    pictures = torch.rand(4, 3, SIZE, SIZE)
    expected = network(pictures).detach().numpy()
    torch.onnx.export(
        network,
        (pictures,),
        path,
        input_names=["pictures"],
        output_names=["features"],
        dynamic_shapes=({0: torch.export.Dim("n")},),
        external_data=False,
        verbose=False,
    )
    settings = {
        "size": SIZE, "interpolation": "bilinear", "mean": MEAN, "std": STD,
        "input": "pictures", "output": "features", "dim": expected.shape[1],
    }  # fmt: skip
    path.with_suffix(".json").write_text(json.dumps(settings, indent=1))

    session = onnxruntime.InferenceSession(path)
    (found,) = session.run(["features"], {"pictures": pictures.numpy()})
    print(f"{path}: features {found.shape}, at most {np.abs(found - expected).max():.1g} off")


if __name__ == "__main__":
    main()
