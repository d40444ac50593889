"""Small pictures, tars of them, and the command line as a user calls it."""

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image
from typer.testing import CliRunner, Result

from cli import app


def png(pixels: np.ndarray) -> bytes:
    """Pixels (h, w, 3) from 0 to 255; what is beyond is cut off."""
    file = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(file, "png")
    return file.getvalue()


def plain_png(colour: tuple[int, int, int] | str, size: tuple[int, int] = (8, 8)) -> bytes:
    """A picture of one colour; size: width, height."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "png")
    return file.getvalue()


def write_tar(path: Path, members: Mapping[str, bytes]) -> Path:
    """Write files by name, in this order."""
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def curate(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def done(*arguments: object) -> str:
    """Give what a command that succeeds prints, in one line."""
    result = curate(*arguments)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def refused(*arguments: object) -> str:
    """Give what a command says that refuses what it was given, in one line."""
    result = curate(*arguments)
    assert result.exit_code == 2, result.output
    return " ".join(result.stderr.split())
