"""The widget that draws a picture in the terminal at hand."""

from curate.inspect.pictures import Pictures, unasked

with unasked():
    from textual_image.widget import HalfcellImage, SixelImage, TGPImage


def picture_widget(pictures: Pictures) -> type[HalfcellImage | SixelImage | TGPImage]:
    """Choose what draws; where a terminal has no pictures, characters do."""
    if pictures is Pictures.KITTY:
        return TGPImage
    return SixelImage if pictures is Pictures.SIXEL else HalfcellImage
