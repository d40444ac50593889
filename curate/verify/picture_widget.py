"""The widget that draws a picture in this terminal."""

from curate.inspect.blocks import Blocks
from curate.inspect.terminal_pictures import Pictures
from curate.inspect.unasked import unasked

with unasked():
    from textual_image.widget import HalfcellImage, SixelImage, TGPImage


class BlocksImage(HalfcellImage, Renderable=Blocks):
    """Draws a picture with two pixels a character."""


PictureWidget = BlocksImage | SixelImage | TGPImage


def picture_widget(pictures: Pictures) -> type[PictureWidget]:
    """Choose the widget; a terminal that cannot draw pictures gets characters."""
    if pictures is Pictures.KITTY:
        return TGPImage
    return SixelImage if pictures is Pictures.SIXEL else BlocksImage
