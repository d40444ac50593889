import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.encoders.onnx import OnnxEncoder, normalise
from curate.encoders.onnx_files import model_files
from curate.errors import CurateError
from curate.images.preprocess import Preprocess


def plainly(pictures, mean, std):
    return ((pictures / 255 - np.array(mean)) / np.array(std)).transpose(0, 3, 1, 2)


@given(
    n=st.integers(1, 3),
    h=st.integers(1, 5),
    w=st.integers(1, 5),
    mean=st.tuples(*[st.floats(-1, 1)] * 3),
    std=st.tuples(*[st.floats(0.01, 2)] * 3),
    seed=st.integers(0, 99),
)
def test_normalise_equals_the_formula_channels_first(n, h, w, mean, std, seed):
    pictures = np.random.default_rng(seed).integers(0, 256, (n, h, w, 3), dtype=np.uint8)
    out = np.empty((n, 3, h, w), np.float32)
    normalise(pictures, mean, std, out)
    np.testing.assert_allclose(out, plainly(pictures, mean, std), rtol=1e-5, atol=1e-4)


def test_gives_the_model_normalised_pictures_and_yields_its_output(write_onnx, pictures):
    encoder = OnnxEncoder(write_onnx(), "cpu")
    (features,) = encoder.encode([pictures])
    expected = plainly(pictures, [0.5, 0.25, 0.125], [0.5, 0.25, 0.75]).reshape(7, -1)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, expected, rtol=1e-5, atol=1e-6)


def test_tells_its_size_and_dimension(write_onnx):
    path = write_onnx(resize="squash")
    encoder = OnnxEncoder(path, "cpu")
    assert encoder.preprocess == Preprocess(6, "bilinear", "squash")
    assert encoder.dim == 108
    assert encoder.batch_size > 0


def test_a_picture_has_the_same_features_whatever_came_before_and_with_it(write_onnx, pictures):
    encoder = OnnxEncoder(write_onnx(), "cpu")
    (together,) = encoder.encode([pictures])
    apart = list(encoder.encode([pictures[:2], pictures[2:7], pictures[:1], pictures[3:5]]))
    assert [len(features) for features in apart] == [2, 5, 1, 2]
    np.testing.assert_array_equal(np.concatenate(apart), together[[0, 1, 2, 3, 4, 5, 6, 0, 3, 4]])


def test_features_already_yielded_are_not_overwritten(write_onnx, pictures):
    first, second = OnnxEncoder(write_onnx(), "cpu").encode([pictures[:3], pictures[3:6]])
    assert not np.array_equal(first, second)


def test_takes_read_only_and_strided_batches(write_onnx, pictures):
    encoder = OnnxEncoder(write_onnx(), "cpu")
    pictures.flags.writeable = False
    (every_second,) = encoder.encode([pictures[::2]])
    (contiguous,) = encoder.encode([pictures[::2].copy()])
    np.testing.assert_array_equal(every_second, contiguous)


def test_the_fingerprint_is_that_of_content_and_settings_not_of_place(write_onnx, tmp_path):
    path = write_onnx()
    fingerprint = OnnxEncoder(path, "cpu").fingerprint
    moved = tmp_path / "elsewhere.onnx"
    moved.write_bytes(path.read_bytes())
    moved.with_suffix(".json").write_text(path.with_suffix(".json").read_text())
    assert OnnxEncoder(moved, "cpu").fingerprint == fingerprint
    assert OnnxEncoder(write_onnx(note="another"), "cpu").fingerprint == fingerprint
    assert OnnxEncoder(write_onnx(resize="squash"), "cpu").fingerprint != fingerprint
    assert OnnxEncoder(write_onnx(mean=[0, 0, 0]), "cpu").fingerprint != fingerprint
    assert OnnxEncoder(write_onnx(shape=("m", 3, 6, 6)), "cpu").fingerprint != fingerprint


def test_the_fingerprint_covers_weights_kept_beside_the_model(write_onnx):
    path = write_onnx()
    alone = OnnxEncoder(path, "cpu").fingerprint
    path.with_name("model.onnx.data").write_bytes(b"weights")
    assert OnnxEncoder(path, "cpu").fingerprint != alone


@pytest.mark.parametrize("name", ["weights.bin", "w" * 200, "parts/a"])
def test_the_fingerprint_covers_weights_in_any_file_that_the_model_names(
    write_onnx, tmp_path, name
):
    path = with_weights_in(write_onnx(), name)
    assert model_files(path) == [path, tmp_path / name]
    before = OnnxEncoder(path, "cpu").fingerprint
    assert OnnxEncoder(path, "cpu").fingerprint == before
    weights = np.fromfile(tmp_path / name, np.float32)
    (weights + 1).tofile(tmp_path / name)
    assert OnnxEncoder(path, "cpu").fingerprint != before


def with_weights_in(path, name):
    """Write a model that adds weights, which lie in a file of that name, to a flat picture."""
    import onnx
    from onnx import helper

    (path.parent / name).parent.mkdir(exist_ok=True)
    shape = ["n", 3, 6, 6]
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["x"], ["flat"]),
            helper.make_node("Add", ["flat", "w"], ["features"]),
        ],
        "adds",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("features", onnx.TensorProto.FLOAT, ["n", 108])],
        [onnx.numpy_helper.from_array(np.ones(108, np.float32), "w")],
    )
    opset = helper.make_opsetid("", 17)
    model = helper.make_model(graph, ir_version=8, opset_imports=[opset])
    onnx.save_model(
        model, path, save_as_external_data=True, location=name, size_threshold=0,
        all_tensors_to_one_file=True,
    )  # fmt: skip
    return path


@pytest.mark.parametrize("depth", [500, 995, 100_000])
def test_a_deep_json_is_told_in_a_sentence(write_onnx, depth):
    path = write_onnx()
    deep = "[" * depth + "]" * depth
    path.with_suffix(".json").write_text(f'{{"size": {deep}}}')
    with pytest.raises(CurateError, match=r"model\.json.* (is nested too deep|'size' is)") as told:
        OnnxEncoder(path, "cpu")
    assert len(str(told.value)) < 600


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"size": None}, "'size' is missing; it must be the side of the input in pixels"),
        ({"size": "128"}, "'size' is '128'"),
        ({"size": True}, "'size' is True"),
        ({"interpolation": "cubic"}, "must be one of nearest, bilinear, bicubic, lanczos"),
        ({"resize": "longest"}, "must be one of shortest, squash"),
        ({"mean": [0.5, 0.5]}, "must be three numbers"),
        ({"mean": [0.5, 0.5, float("nan")]}, "must be three numbers"),
        ({"std": [0.5, 0, 0.5]}, "must be three numbers above 0"),
        ({"dim": 0}, "'dim' is 0"),
        ({"output": ["features"]}, "must be the name of the model's output"),
        ({"input": "pixels"}, "has no input 'pixels'; its inputs are x"),
        ({"output": "logits"}, "has no output 'logits'; its outputs are features"),
        ({"dim": 100}, r"gives \(2, 108\) for two pictures.*'dim': 100"),
        ({"shape": ("n", 6, 6, 3)}, r"\['n', 6, 6, 3\], but an encoder takes float32 pictures"),
        ({"shape": ("n", 108)}, "but an encoder takes float32 pictures"),
        ({"shape": ("n", 3, 8, 8)}, r"shape \(n, 3, 6, 6\), n free; set 'size'"),
        ({"shape": (1, 3, 6, 6)}, r"shape \[1, 3, 6, 6\].*n free"),
        ({"flatten": False}, "cannot compute two pictures of 6 x 6 pixels.*free batch axis"),
        ({"kind": 2}, r"is tensor\(uint8\)"),
    ],
)
def test_a_json_that_is_wrong_or_contradicts_the_model_is_told(write_onnx, changes, told):
    with pytest.raises(CurateError, match=told):
        OnnxEncoder(write_onnx(**changes), "cpu")


def test_a_missing_or_broken_json_is_told(write_onnx):
    path = write_onnx()
    settings = path.with_suffix(".json")
    for text, told in [("{", "cannot be read as JSON"), ("[1]", "holds no JSON object")]:
        settings.write_text(text)
        with pytest.raises(CurateError, match=told):
            OnnxEncoder(path, "cpu")
    settings.unlink()
    with pytest.raises(CurateError, match=r"model\.json is missing.*for example") as caught:
        OnnxEncoder(path, "cpu")
    assert json.loads(str(caught.value).partition("for example ")[2].rstrip("."))["dim"] == 512


def test_a_missing_or_broken_model_is_told(write_onnx, tmp_path):
    path = write_onnx()
    path.write_bytes(b"no protocol buffer")
    with pytest.raises(CurateError, match="no ONNX model that onnxruntime can open"):
        OnnxEncoder(path, "cpu")
    with pytest.raises(CurateError, match="no such file"):
        OnnxEncoder(tmp_path / "none.onnx", "cpu")


def test_cuda_that_onnxruntime_does_not_have_is_told(write_onnx, monkeypatch):
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(CurateError, match="install onnxruntime-gpu"):
        OnnxEncoder(write_onnx(), "cuda")


@pytest.mark.parametrize(("said", "threads"), [("3", 3), ("", 0), ("2,1", 0)])
def test_threads_are_limited_as_those_of_torch_and_numpy_are(
    said, threads, write_onnx, monkeypatch
):
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    options = OnnxEncoder(write_onnx(), "cpu")._session.get_session_options()
    assert options.intra_op_num_threads == threads
