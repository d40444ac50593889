"""Settings of image processors, against what these do themselves."""

import numpy as np
import pytest
from PIL import Image
from transformers import BitImageProcessor, CLIPImageProcessor, ConvNextImageProcessor
from transformers import SiglipImageProcessor as Siglip

from curate.encoders.transformers_pictures import mean_and_std, preprocess_of
from curate.errors import CurateError
from curate.images.preprocess import Preprocess


@pytest.mark.parametrize(
    ("processor", "expected"),
    [
        (CLIPImageProcessor(), Preprocess(224, "bicubic", "shortest")),
        (CLIPImageProcessor(size=40, crop_size=32), Preprocess(32, "bicubic", "shortest")),
        (BitImageProcessor(size=40, crop_size=32, do_center_crop=False, resample=1),
         Preprocess(40, "lanczos", "shortest")),
        (ConvNextImageProcessor(size={"shortest_edge": 20}, resample=2),
         Preprocess(20, "bilinear", "shortest")),
        (Siglip(size={"height": 9, "width": 9}, resample=0), Preprocess(9, "nearest", "squash")),
    ],
)  # fmt: skip
def test_size_and_resampling(processor: object, expected: Preprocess) -> None:
    assert preprocess_of(processor.to_dict(), "hf:x") == expected


@pytest.mark.parametrize("size", [None, {"height": 8, "width": 9}, {"longest_edge": 9}])
def test_pictures_that_are_not_square_are_refused(size: object) -> None:
    with pytest.raises(CurateError, match=r"hf:x takes .*only square ones can be made here"):
        preprocess_of({"size": size}, "hf:x")


@pytest.mark.parametrize(
    "options",
    [{}, {"do_normalize": False}, {"do_rescale": False}, {"rescale_factor": 1 / 127.5},
     {"do_rescale": False, "do_normalize": False}],
)  # fmt: skip
def test_mean_and_std_give_the_processors_own_numbers(options: dict) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    processor = Siglip(image_mean=[0.1, 0.2, 0.3], image_std=[0.4, 0.5, 0.6], **options)
    found = processor(Image.fromarray(pixels), do_resize=False, return_tensors="np").pixel_values[0]
    mean, std = mean_and_std(processor.to_dict())
    expected = (pixels / 255 - np.array(mean)) / np.array(std)
    np.testing.assert_allclose(found.transpose(1, 2, 0), expected, rtol=1e-4, atol=1e-4)
