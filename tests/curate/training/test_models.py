from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from curate.errors import CurateError
from curate.training import network
from curate.training.models import open_model_of
from curate.training.spec import parse_network

TIMM = "test_resnet"
"""timm's own tiny model for tests."""
PICTURES = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), np.uint8)


def built(spec: str) -> network.Network:
    return open_model_of(parse_network(spec)).build(PICTURES, 3)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "WIDTHS", (4, 8))


def test_the_small_network_whitens_patches_and_tells_classes(tiny: None) -> None:
    small = built("self").eval()
    with torch.inference_mode():
        assert small(torch.from_numpy(PICTURES)).shape == (8, 3)
        assert small.features(torch.from_numpy(PICTURES)).shape == (8, 8)
        scaled = (torch.from_numpy(PICTURES).float() / 255).permute(0, 3, 1, 2)
        patches = small.trunk.whiten((scaled - small.mean) / small.std)[:, :12].transpose(0, 1)
    moment = torch.einsum("inhw,jnhw->ij", patches, patches) / patches[0].numel()
    np.testing.assert_allclose(moment.numpy(), np.eye(12), atol=0.02)


def test_from_nothing_is_always_from_the_same_nothing(tiny: None) -> None:
    for spec in ("self", f"self:timm/{TIMM}"):
        first, again = built(spec).state_dict(), built(spec).state_dict()
        assert all(torch.equal(first[key], again[key]) for key in first)


def test_weights_are_loaded_from_a_file_and_their_head_is_left_out(
    tmp_path: Path, tiny: None
) -> None:
    for spec in ("self", f"self:timm/{TIMM}"):
        state = {key: value + 1 for key, value in built(spec).trunk.state_dict().items()}
        head = {"fc.weight": torch.zeros(1000, 8)}
        save_file(state | head, tmp_path / "w.safetensors")
        torch.save(state | head, tmp_path / "w.pt")
        for file in ("w.safetensors", "w.pt"):
            loaded = built(f"{spec}@{tmp_path / file}").trunk.state_dict()
            assert all(torch.equal(loaded[key], state[key]) for key in state)


def test_an_open_clip_tower_is_trained_from_nothing_or_from_a_checkpoint(
    tmp_path: Path, tiny_open_clip: Path
) -> None:
    other = {key: value + 1 for key, value in load_file(tiny_open_clip).items()}
    save_file(other, tmp_path / "other.safetensors")
    fresh = built("self:open_clip/curate-tiny")
    tuned = built(f"self:open_clip/curate-tiny@{tmp_path / 'other.safetensors'}")
    for tower in (fresh, tuned):
        assert tower(torch.from_numpy(PICTURES)).shape == (8, 3)
    assert torch.equal(tuned.trunk.visual.conv1.weight, other["visual.conv1.weight"])
    assert not torch.equal(fresh.trunk.visual.conv1.weight, other["visual.conv1.weight"])


@pytest.mark.parametrize("content", [b"", b"\x80\x04\x95", b"PK\x03\x04 not"])
def test_a_damaged_checkpoint_is_told(tmp_path: Path, tiny: None, content: bytes) -> None:
    for name in ("w.safetensors", "w.pt"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CurateError, match=r"w\.\w+ cannot be loaded as a checkpoint of"):
            built(f"self@{tmp_path / name}")


def test_another_architectures_checkpoint_is_told(tmp_path: Path, tiny: None) -> None:
    save_file({"x": torch.zeros(1)}, tmp_path / "w.safetensors")
    with pytest.raises(CurateError, match=r"it lacks whiten\.weight"):
        built(f"self@{tmp_path / 'w.safetensors'}")
