"""The pictures of textual-image, with blocks that are dithered where there are 256 colours."""

from PIL import Image
from rich.console import Console, ConsoleOptions, RenderResult

from curate.inspect.dithered import dithered
from curate.inspect.unasked import unasked

with unasked():
    from textual_image.renderable import HalfcellImage, SixelImage, TGPImage

    # textual-image keeps the first size of a cell that it finds.
    HalfcellImage(Image.new("RGB", (1, 1))).__rich_measure__(Console(), Console().options)

__all__ = ["Blocks", "SixelImage", "TGPImage"]


class Blocks(HalfcellImage):
    """A picture of two pixels a character."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the picture."""
        drawn = super().__rich_console__(console, options)
        yield from dithered(drawn) if console.color_system == "256" else drawn  # type: ignore[arg-type]
