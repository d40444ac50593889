"""timm:NAME, with timm's own tiny model for tests."""

from pathlib import Path

import huggingface_hub
import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file

from curate.encoders.spec import open_encoder, split_encoders
from curate.errors import CurateError
from curate.images.preprocess import Preprocess

NAME = "test_resnet"


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Random weights of the tiny model, with those of a classifier."""
    torch.manual_seed(3)
    save_file(timm.create_model(NAME).state_dict(), tmp_path / "tiny.safetensors")
    return tmp_path / "tiny.safetensors"


def test_features_equal_timms_own(weights: Path) -> None:
    encoder = open_encoder(f"timm:{NAME}@{weights}", "cpu")
    model = timm.create_model(NAME, num_classes=0, checkpoint_path="").eval()
    state = timm.models.load_state_dict(str(weights))
    model.load_state_dict(state, strict=False)
    settings = timm.data.resolve_data_config({}, model=model)
    size = settings["input_size"][1]
    assert encoder.preprocess == Preprocess(size, settings["interpolation"], "shortest")
    pixels = np.random.default_rng(0).integers(0, 256, (3, size, size, 3), np.uint8)
    transform = timm.data.create_transform(**{**settings, "crop_pct": 1.0}, is_training=False)
    with torch.inference_mode():
        expected = model(torch.stack([transform(Image.fromarray(each)) for each in pixels]))
    found = np.concatenate(list(encoder.encode([pixels[:2], pixels[2:]])))
    assert found.shape == (3, encoder.dim) and found.dtype == np.float32
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-4, atol=1e-5)


def test_the_fingerprint_changes_with_the_weights(weights: Path) -> None:
    first = open_encoder(f"timm:{NAME}@{weights}", "cpu").fingerprint
    assert open_encoder(f"timm:{NAME}@{weights}", "cpu").fingerprint == first
    other = weights.with_name("other.safetensors")
    state = {name: value + 1 for name, value in timm.create_model(NAME).state_dict().items()}
    save_file(state, other)
    assert open_encoder(f"timm:{NAME}@{other}", "cpu").fingerprint != first


def test_what_cannot_be_opened_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CurateError, match="timm has no model 'test_resmet'; the closest are"):
        open_encoder("timm:test_resmet", "cpu")
    with pytest.raises(CurateError, match=r"there is no checkpoint .*gone.pt"):
        open_encoder(f"timm:{NAME}@{tmp_path / 'gone.pt'}", "cpu")

    with pytest.raises(CurateError, match=r"timm has no weights 'test_resnet.nope'; there are tes"):
        open_encoder("timm:test_resnet.nope", "cpu")
    with pytest.raises(CurateError, match=r"published nowhere; give a file of your own"):
        open_encoder("timm:botnet50ts_256", "cpu")
    with pytest.raises(CurateError, match=r"published outside the Hugging Face hub, at https://"):
        open_encoder("timm:gcvit_tiny", "cpu")


def test_pictures_that_are_not_square_are_refused(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "timm.data.config.resolve_data_config", lambda *_, **__: {"input_size": (3, 8, 6)}
    )
    with pytest.raises(CurateError, match=r"takes 8 x 6 pictures; only square ones"):
        open_encoder(f"timm:{NAME}@{weights}", "cpu")


def test_weights_of_another_architecture_are_refused(weights: Path) -> None:
    words = r"cannot be loaded as a checkpoint of test_vit \(it lacks cls_token\)"
    with pytest.raises(CurateError, match=words):
        open_encoder(f"timm:test_vit@{weights}", "cpu")


def test_a_hub_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise OSError("no route")

    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", unreachable)
    words = rf"cannot be reached .*timm/{NAME}.*timm:{NAME}@/path/to/weights.safetensors"
    with pytest.raises(CurateError, match=words):
        open_encoder(f"timm:{NAME}", "cpu")


def test_published_weights_are_read_as_timm_reads_them(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curate.encoders.timm_model.fetch_weights", lambda *_: weights)
    published = open_encoder(f"timm:{NAME}", "cpu")
    assert published.fingerprint == open_encoder(f"timm:{NAME}@{weights}", "cpu").fingerprint
    weights.write_bytes(b"damaged")
    with pytest.raises(CurateError, match=r"tiny.safetensors cannot be loaded by timm .*delete it"):
        open_encoder(f"timm:{NAME}", "cpu")


def test_it_may_stand_in_a_sum() -> None:
    parts = ("timm:a.b_c", "hf:org/model", "timm:x@a+b.pt", "self")
    assert split_encoders("+".join(parts)) == parts
