"""Two tiny encoders on disk: an ONNX file made byte by byte, and an open_clip checkpoint."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SIZE = 6
SETTINGS = {
    "size": SIZE,
    "interpolation": "bilinear",
    "mean": [0.5, 0.25, 0.125],
    "std": [0.5, 0.25, 0.75],
    "input": "x",
    "output": "features",
    "dim": 3 * SIZE * SIZE,
    "note": "flattens the picture",
}


def field(number: int, value: int | str | bytes) -> bytes:
    """Write one field of a protocol buffer: an integer, or bytes with their length before them."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def varint(value: int) -> bytes:
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)


def tensor(name: str, shape: Sequence[int | str], kind: int) -> bytes:
    """Write onnx.ValueInfoProto."""
    axes = [field(1, field(1 if isinstance(axis, int) else 2, axis)) for axis in shape]
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, b"".join(axes))))


FLATTEN = field(4, "Flatten")
DROP_BATCH_AXIS = field(4, "Squeeze") + field(5, field(1, "axes") + field(8, 0) + field(20, 7))


def one_step_model(step: bytes, shape: Sequence[int | str], kind: int) -> bytes:
    """Write onnx.ModelProto: features = step(x), of unknown shape."""
    graph = (
        field(1, field(1, "x") + field(2, "features") + step)
        + field(2, "tiny")
        + field(11, tensor("x", shape, kind))
        + field(12, field(1, "features") + field(2, field(1, field(1, kind))))
    )
    return field(1, 8) + field(8, field(1, "") + field(2, 11)) + field(7, graph)


@pytest.fixture
def write_onnx(tmp_path: Path) -> Callable[..., Path]:
    """Write model.onnx and model.json; keywords change the JSON, None leaves a key out."""

    def write(
        shape: Sequence[int | str] = ("n", 3, "h", "w"),
        kind: int = 1,
        flatten: bool = True,
        **changes: Any,
    ) -> Path:
        path = tmp_path / "model.onnx"
        path.write_bytes(one_step_model(FLATTEN if flatten else DROP_BATCH_AXIS, shape, kind))
        settings = {k: v for k, v in (SETTINGS | changes).items() if v is not None}
        path.with_suffix(".json").write_text(json.dumps(settings))
        return path

    return write


@pytest.fixture
def pictures() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (7, SIZE, SIZE, 3), dtype=np.uint8)


TINY = {
    "embed_dim": 12,
    "vision_cfg": {
        "image_size": 32,
        "layers": 2,
        "width": 32,
        "head_width": 16,
        "patch_size": 16,
    },
    "text_cfg": {"context_length": 8, "vocab_size": 50, "width": 16, "heads": 2, "layers": 1},
}


@pytest.fixture(scope="session")
def tiny_open_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Register the architecture ``curate-tiny``; return its checkpoint as safetensors."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("open_clip")
    config = folder / "curate-tiny.json"
    config.write_text(json.dumps(TINY))
    open_clip.add_model_config(config)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = open_clip.create_model("curate-tiny")
    path = folder / "tiny.safetensors"
    save_file(model.state_dict(), path)
    return path
