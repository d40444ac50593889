"""The widget that draws a picture in this terminal."""

from curate.inspect.terminal_pictures import Pictures, unasked

with unasked():
    from textual_image.widget import HalfcellImage, SixelImage, TGPImage


def picture_widget(pictures: Pictures) -> type[HalfcellImage | SixelImage | TGPImage]:
    """Choose the widget; a terminal that cannot draw pictures gets characters."""
    if pictures is Pictures.KITTY:
        return TGPImage
    return SixelImage if pictures is Pictures.SIXEL else HalfcellImage
