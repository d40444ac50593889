"""The files that an ONNX model is made of: large ones keep their weights in others."""

import glob
import mmap
import re
from collections.abc import Iterator
from pathlib import Path

LOCATION = re.compile(rb"\x0a\x08location\x12([\x80-\xff]*[\x00-\x7f])")
"""onnx.TensorProto's external_data, a pair of texts: "location", then the path with its length."""


def model_files(path: Path) -> list[Path]:
    """Return the model, and in order the files whose content it reads or might read as weights.

    Those are the files that it names, and those called like it (model.onnx.data, model.onnx_data).
    """
    beside = path.parent.glob(f"{glob.escape(path.name)}*data")
    named = (path.parent / name for name in _locations(path))
    return [path, *sorted({file for file in (*beside, *named) if file.is_file()})]


def _locations(path: Path) -> Iterator[str]:
    """Give the paths, from the model's folder, that a model names, as often as it does."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as model:
        for found in LOCATION.finditer(model):
            length = sum((byte & 127) << 7 * place for place, byte in enumerate(found[1]))
            yield model[found.end() : found.end() + length].decode(errors="replace")
