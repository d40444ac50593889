import pickle
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from curate.encoders.compiled import COMPILE_FROM, Compiled
from curate.encoders.openclip import open_model
from curate.encoders.openclip_encoder import visual_tower
from curate.encoders.torch_encoder import TorchEncoder
from curate.errors import CurateError
from curate.images.preprocess import Preprocess


@pytest.fixture
def pictures():
    return np.random.default_rng(1).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)


def encoder_of(checkpoint):
    model, weights = open_model("curate-tiny", checkpoint=checkpoint)
    return TorchEncoder(visual_tower("open_clip:curate-tiny", model, weights), "cpu")


def test_features_equal_open_clips_own_on_its_own_preprocessing(tiny_open_clip, pictures):
    model, transform = open_clip.create_model_from_pretrained(
        "curate-tiny", pretrained=str(tiny_open_clip)
    )
    with torch.inference_mode():
        tensors = torch.stack([transform(Image.fromarray(picture)) for picture in pictures])
        expected = model.eval().encode_image(tensors, normalize=False).numpy()
    features = np.concatenate(list(encoder_of(tiny_open_clip).encode([pictures[:3], pictures[3:]])))
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-5)


def test_tells_its_size_resampling_and_dimension(tiny_open_clip):
    encoder = encoder_of(tiny_open_clip)
    assert encoder.preprocess == Preprocess(32, "bicubic", "shortest")
    assert encoder.dim == 12
    assert encoder.batch_size > 0


def test_features_do_not_depend_on_earlier_batches(tiny_open_clip, pictures):
    encoder = encoder_of(tiny_open_clip)
    first, _, again = encoder.encode([pictures[:2], pictures[2:], pictures[:2]])
    np.testing.assert_array_equal(first, again)


def test_half_precision_stays_close_to_single_and_has_its_own_fingerprint(
    tiny_open_clip, pictures, monkeypatch
):
    single = encoder_of(tiny_open_clip)
    monkeypatch.setattr(
        "curate.encoders.torch_encoder.half_precision", lambda device: torch.bfloat16
    )
    half = encoder_of(tiny_open_clip)
    (a,), (b,) = single.encode([pictures]), half.encode([pictures])
    cosines = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    assert cosines.min() > 0.99
    assert not np.array_equal(a, b)
    assert single.fingerprint != half.fingerprint


def test_compiled_it_gives_the_same_features_for_full_and_short_batches(tiny_open_clip, pictures):
    plain, compiled = encoder_of(tiny_open_clip), encoder_of(tiny_open_clip)
    compiled._network = Compiled(compiled._encode, 3, "eager")
    batches = [pictures[:3], pictures[3:], pictures[1:2]]
    for features, expected in zip(compiled.encode(batches), plain.encode(batches), strict=True):
        np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-5)


def test_without_a_gpu_nothing_is_compiled_however_many_the_pictures(tiny_open_clip):
    model, weights = open_model("curate-tiny", checkpoint=tiny_open_clip)
    encoder = TorchEncoder(
        visual_tower("open_clip:curate-tiny", model, weights), "cpu", COMPILE_FROM
    )
    assert not isinstance(encoder._network, Compiled)


def test_a_torch_checkpoint_gives_the_same_features(tiny_open_clip, pictures, tmp_path):
    torch.save({"state_dict": load_file(tiny_open_clip), "epoch": 3}, tmp_path / "tiny.pt")
    (expected,) = encoder_of(tiny_open_clip).encode([pictures])
    (features,) = encoder_of(tmp_path / "tiny.pt").encode([pictures])
    np.testing.assert_array_equal(features, expected)


def test_the_fingerprint_changes_with_the_weights_not_with_their_place(tiny_open_clip, tmp_path):
    copy, changed = tmp_path / "copy.safetensors", tmp_path / "changed.safetensors"
    copy.write_bytes(tiny_open_clip.read_bytes())
    state = load_file(tiny_open_clip)
    state["visual.proj"] *= 2
    save_file(state, changed)
    fingerprint = encoder_of(tiny_open_clip).fingerprint
    assert encoder_of(copy).fingerprint == fingerprint
    assert encoder_of(changed).fingerprint != fingerprint


class Evil:
    def __reduce__(self):
        return Path.touch, (Path("executed"),)


def test_a_checkpoint_with_code_in_it_is_refused_and_not_executed(
    tiny_open_clip, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": Evil()}, tmp_path / "evil.pt")
    (tmp_path / "evil.bin").write_bytes(pickle.dumps(Evil(), protocol=2))
    for name in ("evil.pt", "evil.bin"):
        with pytest.raises(CurateError, match="damaged, or holds more than plain tensors"):
            encoder_of(tmp_path / name)
    assert not (tmp_path / "executed").exists()


def test_a_broken_a_foreign_and_a_missing_checkpoint_are_told(tiny_open_clip, tmp_path):
    broken, foreign = tmp_path / "broken.safetensors", tmp_path / "foreign.safetensors"
    broken.write_bytes(tiny_open_clip.read_bytes()[:1000])
    save_file({"weight": torch.zeros(2)}, foreign)
    for path in (broken, foreign):
        with pytest.raises(CurateError, match="cannot be loaded as a checkpoint of curate-tiny"):
            encoder_of(path)
    with pytest.raises(CurateError, match=r"there is no checkpoint .*none\.pt"):
        encoder_of(tmp_path / "none.pt")


def test_an_unknown_architecture_is_told_with_the_closest():
    with pytest.raises(CurateError, match=r"no architecture 'vit-b-32'; the closest are ViT-B-32,"):
        open_model("vit-b-32", "openai")


def test_an_unknown_or_missing_tag_is_told_with_those_there_are():
    with pytest.raises(
        CurateError, match=r"no weights 'laion2b_s34b' .* there are laion2b_s34b_b79k"
    ):
        open_model("ViT-B-32", "laion2b_s34b")
    with pytest.raises(CurateError, match=r"ViT-B-32 needs a tag; there are openai, .*datacomp"):
        open_model("ViT-B-32")


def test_an_architecture_without_published_weights_is_told(tiny_open_clip):
    with pytest.raises(CurateError, match=r"open_clip:curate-tiny@/path/to/checkpoint"):
        open_model("curate-tiny", "openai")


PUBLISHED = {
    "hf_hub": "someone/tiny/",
    "mean": (0.5, 0.5, 0.5),
    "std": (0.25, 0.25, 0.25),
    "interpolation": "bilinear",
    "resize_mode": "squash",
}


@pytest.fixture
def published(monkeypatch):
    tags = {"plain": PUBLISHED, "quick": PUBLISHED | {"mean": (0.0, 0.0, 0.0), "quick_gelu": True}}
    monkeypatch.setitem(open_clip.pretrained._PRETRAINED, "curate-tiny", tags)


def test_a_published_tag_brings_its_own_preprocessing(tiny_open_clip, published, monkeypatch):
    asked = []

    def fetch(*arguments):
        asked.append(arguments)
        return tiny_open_clip

    monkeypatch.setattr("curate.encoders.openclip.fetch_weights", fetch)
    model, weights = open_model("curate-tiny", "plain")
    encoder = TorchEncoder(visual_tower("open_clip:curate-tiny/plain", model, weights), "cpu")
    assert encoder.preprocess == Preprocess(32, "bilinear", "squash")
    assert model.visual.preprocess_cfg["mean"] == (0.5, 0.5, 0.5)
    names = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
    assert asked == [("open_clip:curate-tiny/plain", "someone/tiny", names)]


def test_a_checkpoint_may_borrow_a_tags_preprocessing_and_activation(tiny_open_clip, published):
    model, weights = open_model("curate-tiny", "quick", tiny_open_clip)
    assert weights == tiny_open_clip
    assert model.visual.preprocess_cfg["mean"] == (0.0, 0.0, 0.0)
    assert any(isinstance(m, open_clip.transformer.QuickGELU) for m in model.visual.modules())


def test_a_checkpoint_alone_takes_what_all_tags_agree_on(tiny_open_clip, published):
    model, _ = open_model("curate-tiny", checkpoint=tiny_open_clip)
    settings = model.visual.preprocess_cfg
    assert settings["resize_mode"] == "squash"
    assert settings["std"] == (0.25, 0.25, 0.25)
    assert settings["mean"] == open_clip.OPENAI_DATASET_MEAN


def test_pictures_that_cannot_be_made_are_told(tiny_open_clip):
    model, weights = open_model("curate-tiny", checkpoint=tiny_open_clip)
    for change in ({"size": (32, 16)}, {"resize_mode": "longest"}):
        settings = model.visual.preprocess_cfg
        model.visual.preprocess_cfg = settings | change
        with pytest.raises(CurateError, match="choose another architecture"):
            TorchEncoder(visual_tower("open_clip:curate-tiny", model, weights), "cpu")
        model.visual.preprocess_cfg = settings


def test_cuda_where_torch_sees_no_gpu_is_told(tiny_open_clip, monkeypatch):
    model, weights = open_model("curate-tiny", checkpoint=tiny_open_clip)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(CurateError, match="torch sees no GPU"):
        TorchEncoder(visual_tower("open_clip:curate-tiny", model, weights), "cuda")
