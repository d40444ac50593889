"""Columns of Python objects: pictures of Pillow, paths, and what Arrow understands itself."""

import io
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any

import pyarrow as pa
from PIL import Image

from curate.errors import CurateError
from curate.terminal.printable import brief

PICTURE = pa.struct([("bytes", pa.large_binary()), ("path", pa.string())])
"""As Hugging Face's Image: one of the two is null."""
IN_PNG = {"1", "L", "LA", "P", "RGB", "RGBA", "I;16"}
IN_TIFF = {"I", "F"}
"""Modes of Pillow that keep every value in these formats."""
NEAREST = {"PA": "RGBA", "La": "LA", "RGBa": "RGBA"}
"""What other modes become; RGB where none is named."""


def object_array(values: Sequence[Any], name: str, said: str) -> pa.Array:
    """Turn Python objects into an Arrow array; None and NaN are null.

    Pictures of Pillow become PICTURE, with paths and bytes beside them. Raises CurateError where
    the objects are of several types, or of one that Arrow does not know.
    """
    if any(isinstance(value, Image.Image) for value in values):
        return pa.array([_picture(value, name, said) for value in values], PICTURE)
    values = [str(value) if isinstance(value, PurePath) else value for value in values]
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowException, OverflowError, TypeError, ValueError) as error:
        raise CurateError(
            f"{said}: column '{brief(name)}' holds objects of {_types(values)}, which have no"
            " common type; write all of them as text, or all as numbers, lists, bytes or"
            " pictures of Pillow."
        ) from error


def _picture(value: Any, name: str, said: str) -> dict[str, Any] | None:
    if value is None or value != value:
        return None
    if isinstance(value, Image.Image):
        return {"bytes": _encoded(value), "path": None}
    if isinstance(value, bytes | bytearray | memoryview):
        return {"bytes": bytes(value), "path": None}
    if isinstance(value, str | PurePath):
        return {"bytes": None, "path": str(value)}
    raise CurateError(
        f"{said}: column '{brief(name)}' holds pictures of Pillow and {_types([value])}; give"
        " pictures, bytes or paths."
    )


def _encoded(picture: Image.Image) -> bytes:
    """Write a picture without loss, as quickly as possible."""
    file = io.BytesIO()
    if picture.mode in IN_TIFF:
        picture.save(file, "TIFF")
    else:
        if picture.mode not in IN_PNG:
            picture = picture.convert(NEAREST.get(picture.mode, "RGB"))
        picture.save(file, "PNG", compress_level=1)
    return file.getvalue()


def _types(values: Iterable[Any]) -> str:
    return ", ".join(sorted({type(value).__name__ for value in values} - {"NoneType"})[:4])
