"""hf:FOLDER, with tiny random models that transformers saves; nothing is downloaded."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import (
    BertConfig,
    BertModel,
    BitImageProcessor,
    Dinov2Config,
    Dinov2Model,
    PreTrainedModel,
    ResNetConfig,
    ResNetModel,
    SiglipConfig,
    SiglipImageProcessor,
    SiglipModel,
    ViTConfig,
    ViTModel,
)

from curate.encoders.spec import open_encoder
from curate.errors import CurateError
from curate.images.preprocess import Preprocess

SIZE = 28
TINY = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": 24, "image_size": SIZE, "patch_size": 14}  # fmt: skip
CROPPED = BitImageProcessor(
    size={"shortest_edge": 32}, crop_size={"height": SIZE, "width": SIZE}, resample=3
)
SQUASHED = SiglipImageProcessor(size={"height": SIZE, "width": SIZE}, resample=2)


def dinov2() -> PreTrainedModel:
    return Dinov2Model(Dinov2Config(**TINY, mlp_ratio=2))


def siglip() -> PreTrainedModel:
    words = {**TINY, "vocab_size": 50, "max_position_embeddings": 8}
    return SiglipModel(SiglipConfig(vision_config=dict(TINY), text_config=words))


def resnet() -> PreTrainedModel:
    return ResNetModel(ResNetConfig(embedding_size=8, hidden_sizes=[8, 12], depths=[1, 1]))


def saved(folder: Path, model: PreTrainedModel, processor: object) -> Path:
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def change_config(folder: Path, **changes: object) -> None:
    settings = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(settings | changes))


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize(
    ("make", "processor", "resize", "width"),
    [(dinov2, CROPPED, "shortest", 16), (siglip, SQUASHED, "squash", 16),
     (resnet, CROPPED, "shortest", 12)],
)  # fmt: skip
def test_features_equal_the_models_own(
    tmp_path: Path, make: object, processor: object, resize: str, width: int
) -> None:
    model = make().eval()
    encoder = open_encoder(f"hf:{saved(tmp_path, model, processor)}", "cpu")
    assert encoder.preprocess == Preprocess(
        SIZE, "bilinear" if resize == "squash" else "bicubic", resize
    )
    assert encoder.dim == width
    pixels = np.random.default_rng(0).integers(0, 256, (3, SIZE, SIZE, 3), np.uint8)
    pictures = [Image.fromarray(each) for each in pixels]
    given = processor(pictures, do_resize=False, return_tensors="pt")
    with torch.inference_mode():
        found = getattr(model, "get_image_features", model)(**given)
    expected = found if isinstance(found, torch.Tensor) else found.pooler_output
    ours = np.concatenate(list(encoder.encode([pixels[:2], pixels[2:]])))
    np.testing.assert_allclose(ours, expected.flatten(1).numpy(), rtol=1e-4, atol=1e-5)


def test_a_pooling_that_nobody_trained_is_not_used(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model = ViTModel(ViTConfig(**TINY), add_pooling_layer=False).eval()
    folder = saved(tmp_path, model, SQUASHED)
    capfd.readouterr()
    encoder = open_encoder(f"hf:{folder}", "cpu")
    assert capfd.readouterr() == ("", ""), "transformers prints nothing"
    pixels = np.zeros((1, SIZE, SIZE, 3), np.uint8)
    with torch.inference_mode():
        given = SQUASHED([Image.fromarray(pixels[0])], do_resize=False, return_tensors="pt")
        expected = model(**given).last_hidden_state[:, 0].numpy()
    np.testing.assert_allclose(next(encoder.encode([pixels])), expected, rtol=1e-4, atol=1e-5)


def test_weights_saved_in_half_precision_are_computed_in_single(tmp_path: Path) -> None:
    encoder = open_encoder(f"hf:{saved(tmp_path, dinov2().half(), CROPPED)}", "cpu")
    (features,) = encoder.encode([np.zeros((1, SIZE, SIZE, 3), np.uint8)])
    assert features.dtype == np.float32 and np.isfinite(features).all()


def test_the_fingerprint_changes_with_weights_and_settings(tmp_path: Path) -> None:
    folder = saved(tmp_path, dinov2(), CROPPED)
    first = open_encoder(f"hf:{folder}", "cpu").fingerprint
    assert open_encoder(f"hf:{folder}", "cpu").fingerprint == first
    saved(tmp_path, dinov2(), SQUASHED)
    second = open_encoder(f"hf:{folder}", "cpu").fingerprint
    saved(tmp_path, dinov2(), SQUASHED)
    third = open_encoder(f"hf:{folder}", "cpu").fingerprint
    change_config(folder, hidden_act="relu")
    assert len({first, second, third, open_encoder(f"hf:{folder}", "cpu").fingerprint}) == 4


def test_folders_that_are_no_vision_model(tmp_path: Path) -> None:
    with pytest.raises(CurateError, match=r"cannot be used as a vision model.*DINOv2 or SigLIP"):
        open_encoder(f"hf:{tmp_path}", "cpu")
    words = BertModel(BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1,
                                 intermediate_size=8, vocab_size=20))  # fmt: skip
    with pytest.raises(CurateError, match=r"cannot compute a picture.*give a vision model"):
        open_encoder(f"hf:{saved(tmp_path / 'bert', words, SQUASHED)}", "cpu")
    folder = saved(tmp_path / "part", dinov2(), CROPPED)
    change_config(folder, num_hidden_layers=3)
    with pytest.raises(CurateError, match=r"its weights lack encoder\.layer\.2"):
        open_encoder(f"hf:{folder}", "cpu")


def test_no_code_of_a_repository_is_run(tmp_path: Path) -> None:
    folder = saved(tmp_path, dinov2(), CROPPED)
    change_config(
        folder, model_type="own", auto_map={"AutoModel": "own.Own", "AutoConfig": "own.C"}
    )
    (folder / "own.py").write_text("raise SystemExit('run')")
    with pytest.raises(CurateError, match="cannot be used as a vision model"):
        open_encoder(f"hf:{folder}", "cpu")


def test_a_model_that_the_hub_does_not_give(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    def unreachable(*_: object, **__: object) -> None:
        raise OSError("no route")

    monkeypatch.setattr(huggingface_hub, "HfApi", unreachable)
    with pytest.raises(CurateError, match=r"of nobody/nothing \(no route\).*hf:/path/to/that"):
        open_encoder("hf:nobody/nothing", "cpu")


@pytest.mark.parametrize("name", ["./gone", "/gone/away", "~/gone", "gone", "a/b/c"])
def test_what_is_neither_a_folder_nor_a_models_name(name: str) -> None:
    with pytest.raises(CurateError, match=r"there is no such folder.*ORG/MODEL"):
        open_encoder(f"hf:{name}", "cpu")


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(CurateError, match="needs transformers, which is not installed: pip inst"):
        open_encoder("hf:.", "cpu")
