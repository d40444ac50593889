import subprocess
import sys

import numpy as np
import pytest

from curate.encoders.embedded import EmbeddedEncoder
from curate.encoders.spec import DEFAULT_ENCODER, open_encoder, split_encoders
from curate.errors import CurateError


def test_importing_it_imports_nothing_heavy():
    code = "import sys, curate.encoders.spec; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "open_clip", "onnxruntime"} & set(done.stdout.split())


def test_opens_an_onnx_model_by_its_path(write_onnx, pictures):
    path = write_onnx()
    encoder = open_encoder(f"onnx:{path}", "cpu")
    (features,) = encoder.encode([pictures])
    assert features.shape == (7, encoder.dim)


def test_opens_an_open_clip_checkpoint_by_architecture_and_path(tiny_open_clip):
    encoder = open_encoder(f"open_clip:curate-tiny@{tiny_open_clip}", "cpu")
    (features,) = encoder.encode([np.zeros((2, 32, 32, 3), np.uint8)])
    assert features.shape == (2, 12)


def test_the_default_names_weights_that_open_clip_publishes(monkeypatch):
    def fetch(spec, repo, names):
        raise CurateError(f"{spec} {repo}")

    monkeypatch.setattr("curate.encoders.openclip.fetch_weights", fetch)
    with pytest.raises(CurateError, match=f"{DEFAULT_ENCODER} laion/CLIP-ViT-B-32"):
        open_encoder(DEFAULT_ENCODER)


@pytest.mark.parametrize("spec", ["", "clip", "open_clip", "open_clip:", "onnx:", "embedded:x"])
def test_a_string_that_names_no_encoder_is_told_with_those_that_are_possible(spec):
    with pytest.raises(CurateError, match=r"possible are open_clip:ARCH/TAG.*embedded"):
        open_encoder(spec)


def test_an_unknown_device_is_told():
    with pytest.raises(CurateError, match="--device tpu: it must be one of auto, cpu, cuda"):
        open_encoder("embedded", "tpu")


def test_opens_the_embedded_encoder():
    assert isinstance(open_encoder("embedded"), EmbeddedEncoder)


@pytest.mark.parametrize(
    ("spec", "parts"),
    [
        ("embedded", ["embedded"]),
        ("onnx:a.onnx+embedded", ["onnx:a.onnx", "embedded"]),
        ("embedded+onnx:a.onnx+open_clip:B/c", ["embedded", "onnx:a.onnx", "open_clip:B/c"]),
        ("onnx:c++/a+b.onnx+onnx:/d+e/f.onnx", ["onnx:c++/a+b.onnx", "onnx:/d+e/f.onnx"]),
        ("onnx:a+embedded_models/b.onnx", ["onnx:a+embedded_models/b.onnx"]),
        ("open_clip:A@b+onnx", ["open_clip:A@b+onnx"]),
    ],
)
def test_a_plus_splits_only_before_another_encoder(spec, parts):
    assert split_encoders(spec) == tuple(parts)


def test_an_encoder_named_twice_is_told():
    with pytest.raises(CurateError, match=r"embedded\+embedded: embedded is in it twice"):
        split_encoders("embedded+embedded")
