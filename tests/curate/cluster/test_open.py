"""What workers elsewhere read for a while lies beside the output, which all of them see."""

from pathlib import Path

import pytest

from curate.cluster.open import shared_home
from curate.options.engine import EngineOptions
from curate.store.urls import as_path


def test_it_lies_beside_the_output_or_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CURATE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    ray, url = EngineOptions("ray"), as_path("s3://bucket/folder/out")
    assert shared_home(EngineOptions(), Path("out")) is None
    assert shared_home(ray, Path("out")) == tmp_path
    assert shared_home(ray, url) == tmp_path / "cache"
