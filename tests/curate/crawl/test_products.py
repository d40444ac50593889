from pathlib import Path

import pytest
import torch

from curate.crawl import products
from curate.crawl.products import products_on
from curate.errors import CurateError
from prototypes.engine.products import HOST
from prototypes.engine.torch_products import TorchProducts


def test_without_a_driver_or_where_the_user_says_so_the_processor_does_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(products, "DRIVERS", (tmp_path / "none",))
    assert products_on("auto") is HOST
    monkeypatch.setattr(products, "DRIVERS", (tmp_path,))
    assert products_on("cpu") is HOST
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert products_on("auto") is HOST


def test_a_gpu_does_it_where_torch_sees_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(products, "DRIVERS", (tmp_path,))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert products_on("auto") == products_on("cuda") == TorchProducts("cuda")
    assert products_on("cuda").gpu


def test_a_gpu_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(CurateError, match="--device cuda: torch sees no GPU"):
        products_on("cuda")
