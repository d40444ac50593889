"""Two tiny encoders on disk: an ONNX file, and an open_clip checkpoint."""

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


def one_step_model(step: str, shape: Sequence[int | str], kind: int, **settings: Any) -> bytes:
    """Make an ONNX model: features = step(x), of unknown shape."""
    from onnx import helper

    graph = helper.make_graph(
        [helper.make_node(step, ["x"], ["features"], **settings)],
        "tiny",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info("features", kind, None)],
    )
    opsets = [helper.make_opsetid("", 11)]
    return helper.make_model(graph, ir_version=8, opset_imports=opsets).SerializeToString()


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
        step: dict[str, Any] = {"step": "Flatten"} if flatten else {"step": "Squeeze", "axes": [0]}
        path.write_bytes(one_step_model(shape=shape, kind=kind, **step))
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
