"""URLs of objects as paths of the cache, and back."""

import pickle
from pathlib import Path

import pytest

from curate.errors import CurateError
from curate.store.urls import as_path, is_remote, path_at, path_from, place_of, shown_urls


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CURATE_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.parametrize(
    "url",
    [
        "s3://bucket/crawl.parquet",
        "gs://bucket/a/b",
        "az://container/a b/100%.csv",
        "hf://datasets/owner/name/train.parquet",
        "s3://bucket/h#1/wie?geht's=ja",
        "s3://bucket/日本/ü.tar",
        "s3://bucket",
    ],
)
def test_a_url_becomes_a_path_and_comes_back(url: str, cache: Path) -> None:
    path = as_path(url)
    assert path.is_relative_to(cache) and is_remote(path)
    assert place_of(path).url == url
    assert shown_urls(f"{path} does not exist") == f"{url} does not exist"
    assert as_path(Path(url)) == path  # typer gives a Path, in which two slashes are one
    assert as_path(path) == path


def test_relative_paths_lead_from_one_object_to_another(cache: Path) -> None:
    manifest = as_path("s3://bucket/a/crawl.parquet")
    assert place_of(manifest.parent / "../pictures/1.png").url == "s3://bucket/pictures/1.png"
    assert path_from(manifest.parent, as_path("s3://bucket/b/x.npy")) == "../b/x.npy"
    assert path_at(manifest.parent, "../b/x.npy") == as_path("s3://bucket/b/x.npy")


def test_no_relative_path_leads_from_this_computer_into_a_store(tmp_path: Path) -> None:
    remote, local = as_path("s3://bucket/a/crawl.parquet"), tmp_path / "crawl.parquet"
    assert path_from(tmp_path, remote) == "s3://bucket/a/crawl.parquet"
    assert path_at(tmp_path, "s3://bucket/a/crawl.parquet") == remote
    assert path_from(remote.parent, local) == str(local)
    assert path_from(tmp_path, local) == "crawl.parquet"


@pytest.mark.parametrize("text", ["crawl.parquet", "a:b/c", "C:/crawls", "/x/s3/y", "odd:/folder"])
def test_paths_stay_paths(text: str) -> None:
    assert as_path(text) == Path(text)


@pytest.mark.parametrize("url", ["ftp://host/x", "https://host/x?a=1", "foo://x/y", "s3a://b/k"])
def test_other_schemes_are_refused_with_those_that_are_known(url: str) -> None:
    with pytest.raises(CurateError, match=r"is not read: curate takes paths, s3://BUCKET/KEY"):
        as_path(url)


def test_a_url_without_a_bucket_is_refused() -> None:
    with pytest.raises(CurateError, match="names no bucket"):
        as_path("s3:///key")


@pytest.mark.parametrize("key", ["a//b", "a/../b", "a/./b", "a/" + "x" * 300])
def test_keys_that_cannot_be_files_are_refused(key: str) -> None:
    with pytest.raises(CurateError, match="cannot be a file's name"):
        as_path(f"s3://bucket/{key}")


@pytest.mark.parametrize(
    "url",
    [
        "s3://anna:hidden-word@bucket/crawl.parquet",
        "s3://bucket/crawl.parquet?X-Amz-Signature=hidden-word",
        "az://container/crawl.parquet?sv=2024&sig=hidden-word",
        "https://anna:hidden-word@host/crawl.parquet",
    ],
)
def test_credentials_in_a_url_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(CurateError) as error:
        as_path(url)
    assert "hidden-word" not in repr(error.value) and "anna" not in repr(error.value)


def test_paths_of_the_cache_reach_other_processes() -> None:
    path = as_path("s3://bucket/a")
    assert pickle.loads(pickle.dumps(path)) == path
