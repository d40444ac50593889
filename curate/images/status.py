"""The words of the ``status`` column: why a row has features, or why it has none."""

from enum import StrEnum


class Status(StrEnum):
    """Why a row has features, or why it has none."""

    OK = "ok"
    MISSING = "missing"
    """No value, no such file, or one that cannot be read."""
    OUTSIDE = "outside"
    """A link leads out of the folder that pictures lie in (--root)."""
    EMPTY = "empty"
    """Zero bytes."""
    NOT_IMAGE = "not_image"
    """No picture at all: an error page, text, a video."""
    TRUNCATED = "truncated"
    """A picture by its first bytes, but cut off or damaged: see `curate.images.salvage`."""
    TOO_LARGE = "too_large"
    """More bytes, pixels or memory than a picture may take."""
    UNSUPPORTED = "unsupported"
    """A picture of another format: JPEG 2000, SVG and the like."""
    HEIC = "heic"
    """A HEIC, and pillow-heif is not installed."""
    NOT_FINITE = "not_finite"
    """An embedding, precomputed or by the encoder, with NaN or infinity in it."""
    CRASHED = "crashed"
    """The decoder took its process down with it."""
    TIMEOUT = "timeout"
    """The decoder did not finish in time."""


HEIC_WAY_OUT = "install pillow-heif (pip install 'curate-labels[heic]')"
"""What makes pictures of the status `heic` readable."""


class Undecodable(Exception):  # noqa: N818 - what is true of the row, not a fault of ours
    """There is no picture for this row; ``status`` says why."""

    def __init__(self, status: Status) -> None:
        super().__init__(status)
        self.status = status
