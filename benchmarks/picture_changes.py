"""Ways in which a picture is copied."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

Change = Callable[[Image.Image, np.random.Generator], Image.Image]
QUALITY = 90
"""Of copies that were changed."""
FILLS = ("white", "black", "grey")


@dataclass(frozen=True)
class Kind:
    """How a picture is copied; without a change its file is, and quality says how it is written."""

    change: Change | None = None
    quality: tuple[int, int] = (QUALITY, QUALITY)


def _resized(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    scale = np.exp(rng.uniform(np.log(0.5), np.log(2)))
    size = [max(8, round(side * scale)) for side in image.size]
    return image.resize((size[0], size[1]), Image.Resampling.BICUBIC)


def _cropped(least: float, most: float) -> Change:
    """Take a share of each side away, at a random place."""

    def change(image: Image.Image, rng: np.random.Generator) -> Image.Image:
        share = rng.uniform(least, most)
        width, height = image.size
        left, top = rng.uniform(0, width * share), rng.uniform(0, height * share)
        right, bottom = left + width * (1 - share), top + height * (1 - share)
        return image.crop((round(left), round(top), round(right), round(bottom)))

    return change


def _mirrored(image: Image.Image, _: np.random.Generator) -> Image.Image:
    return ImageOps.mirror(image)


def _brightness(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(rng.uniform(0.7, 1.3))


def _grey(image: Image.Image, _: np.random.Generator) -> Image.Image:
    return image.convert("L").convert("RGB")


def _bordered(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    width = max(1, round(max(image.size) * rng.uniform(0.02, 0.05)))
    return ImageOps.expand(image, width, FILLS[rng.integers(len(FILLS))])


def _captioned(image: Image.Image, _: np.random.Generator) -> Image.Image:
    """Burn a line of text in; on a picture of 32 pixels it takes a third of the height."""
    shown = image.copy()
    ImageDraw.Draw(shown).text((2, image.height - 12), "photo 123", fill="white")
    return shown


def _written_as(kind: str, **options: Any) -> Change:
    def change(image: Image.Image, _: np.random.Generator) -> Image.Image:
        file = io.BytesIO()
        image.save(file, kind, **options)
        return Image.open(file).convert("RGB")

    return change


def _gamma(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    gamma = np.exp(rng.uniform(np.log(0.6), np.log(1.6)))
    return image.point([round(255 * (level / 255) ** gamma) for level in range(256)] * 3)


def _padded(image: Image.Image, _: np.random.Generator) -> Image.Image:
    return ImageOps.expand(image, (0, round(image.height * 0.2)), "white")


def _watermarked(image: Image.Image, _: np.random.Generator) -> Image.Image:
    over = Image.new("RGBA", image.size, (0, 0, 0, 0))
    place = (image.width // 4, image.height // 2 - 5)
    ImageDraw.Draw(over).text(place, "STOCK", fill=(255, 255, 255, 110))
    return Image.alpha_composite(image.convert("RGBA"), over).convert("RGB")


def _squeezed(image: Image.Image, _: np.random.Generator) -> Image.Image:
    size = (max(8, image.width * 3 // 4), image.height)
    return image.resize(size, Image.Resampling.BICUBIC)


def _noisy(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    levels = np.asarray(image, float) + rng.normal(0, 10, (image.height, image.width, 3))
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))


def _mirrored_crop(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    return _cropped(0.05, 0.0501)(ImageOps.mirror(image), rng)


KINDS = {
    "exact": Kind(),
    "recompressed, quality 30 to 90": Kind(lambda image, _: image, (30, 91)),
    "resized, .5 to 2": Kind(_resized),
    "cropped by 2 to 5%": Kind(_cropped(0.02, 0.05)),
    "cropped by 5 to 10%": Kind(_cropped(0.05, 0.10)),
    "cropped by 10 to 15%": Kind(_cropped(0.10, 0.15)),
    "border of 2 to 5%": Kind(_bordered),
    "mirrored": Kind(_mirrored),
    "brightness .7 to 1.3": Kind(_brightness),
    "grey": Kind(_grey),
    "caption burnt in": Kind(_captioned),
}

OTHERS = {
    "rotated by 2 degrees": Kind(lambda image, _: image.rotate(2, Image.Resampling.BICUBIC)),
    "rotated by 90 degrees": Kind(lambda image, _: image.transpose(Image.Transpose.ROTATE_90)),
    "upside down": Kind(lambda image, _: ImageOps.flip(image)),
    "inverted": Kind(lambda image, _: ImageOps.invert(image)),
    "sharpened": Kind(lambda image, _: image.filter(ImageFilter.UnsharpMask(2, 150, 0))),
    "blurred": Kind(lambda image, _: image.filter(ImageFilter.GaussianBlur(1))),
    "gamma .6 to 1.6": Kind(_gamma),
    "contrast .6": Kind(lambda image, _: ImageEnhance.Contrast(image).enhance(0.6)),
    "noise of 10 levels": Kind(_noisy),
    "WebP, quality 30": Kind(_written_as("WEBP", quality=30)),
    "JPEG 2000, 30 times smaller": Kind(
        _written_as("JPEG2000", quality_mode="rates", quality_layers=[30])
    ),
    "padded above and below": Kind(_padded),
    "watermark across": Kind(_watermarked),
    "squeezed to 3/4 of the width": Kind(_squeezed),
    "mirrored and cropped by 5%": Kind(_mirrored_crop),
}
"""Not among those that copies were made to be found by."""
