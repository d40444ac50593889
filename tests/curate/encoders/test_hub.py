import pytest
from huggingface_hub.errors import EntryNotFoundError

from curate.encoders.hub import fetch_weights
from curate.errors import CurateError

NAMES = ("first.safetensors", "second.bin")


@pytest.fixture
def hub(monkeypatch):
    """Replace the hub by a dict of answers: a name's cached path, online path or error."""
    cached, online, asked = {}, {}, []

    def metadata(url, timeout):
        asked.append(url.rpartition("/")[2])
        answer = online.get(asked[-1], EntryNotFoundError("404"))
        if isinstance(answer, Exception):
            raise answer

    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda _, name: cached.get(name))
    monkeypatch.setattr("huggingface_hub.get_hf_file_metadata", metadata)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", lambda _, name: online[name])
    return cached, online, asked


def fetch():
    return fetch_weights("open_clip:Arch/tag", "someone/model", NAMES)


def test_a_cached_file_is_used_without_asking_the_hub(hub):
    cached, _, asked = hub
    cached["second.bin"] = "/cache/second.bin"
    assert str(fetch()) == "/cache/second.bin"
    assert asked == []


def test_the_first_file_that_the_hub_has_is_downloaded(hub):
    _, online, asked = hub
    online["second.bin"] = "/new/second.bin"
    assert str(fetch()) == "/new/second.bin"
    assert asked == ["first.safetensors", "second.bin"]


def test_a_hub_out_of_reach_is_asked_once_and_told_with_three_ways_on(hub):
    _, online, asked = hub
    online["first.safetensors"] = ConnectionError("Name or service not known")
    with pytest.raises(CurateError, match=r"cannot be reached .*service not known") as caught:
        fetch()
    assert asked == ["first.safetensors"]
    for way in (
        "--encoder open_clip:Arch/tag@/path/to/weights.safetensors",
        "--encoder onnx:/path/model.onnx",
        "--encoder embedded",
        "--embeddings FILE",
        "https://huggingface.co/someone/model",
    ):
        assert way in str(caught.value)


def test_a_hub_that_has_none_of_the_files_is_told(hub):
    with pytest.raises(
        CurateError, match=r"did not give .*none of first\.safetensors, second\.bin"
    ):
        fetch()
