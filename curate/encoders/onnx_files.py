"""The files of an ONNX model: a large model keeps its weights in other files."""

import glob
import mmap
import re
from collections.abc import Iterator
from pathlib import Path

from curate.store.mirror import bring_all, look_in
from curate.store.named import named_file
from curate.store.urls import is_remote

LOCATION = re.compile(rb"\x0a\x08location\x12([\x80-\xff]*[\x00-\x7f])")
"""onnx.TensorProto's external_data, a pair of texts: "location", then the path with its length."""


def fetch_model(text: str) -> Path:
    """Give the path of a model, fetched with what belongs to it if it is in a store.

    That is the JSON of its name and the files of its weights, beside it or in folders below.
    """
    path = named_file(text)
    if is_remote(path) and path.is_file():
        look_in(path.parent)
        for below in {Path(name).parent for name in _locations(path)} - {Path()}:
            if ".." not in below.parts and not below.is_absolute():
                look_in(path.parent / below)
        bring_all([path.with_suffix(".json"), *model_files(path)])
    return path


def model_files(path: Path) -> list[Path]:
    """Return the model, then in order the files that it reads, or might read, as weights.

    These are files that it names, and files named after it (model.onnx.data, model.onnx_data).
    """
    beside = path.parent.glob(f"{glob.escape(path.name)}*data")
    named = (path.parent / name for name in _locations(path))
    return [path, *sorted({file for file in (*beside, *named) if file.is_file()})]


def _locations(path: Path) -> Iterator[str]:
    """Give the paths, relative to its folder, that a model names; each as often as it is named."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as model:
        for found in LOCATION.finditer(model):
            length = sum((byte & 127) << 7 * place for place, byte in enumerate(found[1]))
            yield model[found.end() : found.end() + length].decode(errors="replace")
