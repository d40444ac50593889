import pytest

from curate.errors import CurateError
from curate.training.spec import NetworkSpec, is_self, parse_network


@pytest.mark.parametrize(
    ("spec", "library", "name", "init"),
    [
        ("self", "", "", ""),
        ("self@/a@b:c.safetensors", "", "", "/a@b:c.safetensors"),
        ("self:timm/resnet18", "timm", "resnet18", ""),
        ("self:timm/resnet18.a1_in1k@pretrained", "timm", "resnet18.a1_in1k", "pretrained"),
        ("self:open_clip/ViT-B-32@laion2b", "open_clip", "ViT-B-32", "laion2b"),
    ],
)
def test_a_network_is_named_by_architecture_and_first_weights(spec, library, name, init):
    assert is_self(spec)
    assert parse_network(spec) == NetworkSpec(library, name, init)


@pytest.mark.parametrize("spec", ["self:", "self:x", "self:timm/", "self:torch/x", "self:timm/x@"])
def test_another_string_is_told_with_what_is_possible(spec):
    with pytest.raises(CurateError, match=r"no such network; possible are self \(a small"):
        parse_network(spec)


@pytest.mark.parametrize("spec", ["selfish", "embedded", "onnx:self", "open_clip:self@self"])
def test_other_encoders_are_not_trained(spec):
    assert not is_self(spec)
