"""Errors speak to Python callers of keywords, not of the command line's options."""

from pathlib import Path

import polars as pl
import pytest

import curate
from curate.errors import CurateError


def refusal(call: object, *arguments: object, **options: object) -> str:
    with pytest.raises(CurateError) as caught:
        call(*arguments, **options)  # type: ignore[operator]
    assert "--" not in str(caught.value).replace("a --overwritten", "")
    return str(caught.value)


@pytest.fixture
def crawl(tmp_path: Path) -> Path:
    pl.DataFrame({"label": ["a", "b"] * 9}).write_csv(tmp_path / "crawl.csv")
    return tmp_path / "crawl.csv"


def test_flags_are_true_and_others_take_a_value(crawl: Path) -> None:
    out = crawl.with_name("w.csv")
    out.write_text("precious")
    words = refusal(curate.weight, crawl, out=out.with_name("o.csv"), graph="none")
    assert "name it with image=, one of: label" in words
    words = refusal(curate.weight, crawl, out=out, embeddings="x.npy", graph="none")
    assert "replace it with overwrite=True or name another file with out=" in words
    assert "soft_labels=0:" in refusal(curate.weight, crawl, soft_labels=0)
    assert out.read_text() == "precious"


def test_refine_export_and_embeddings_too(crawl: Path) -> None:
    assert "with its prefix=," in refusal(curate.refine, crawl, prefix="x")
    assert "to=paper" in refusal(curate.export, crawl, to="paper", out="x")
    words = refusal(curate.embeddings, crawl)
    assert "(with its prefix=, if it was given one)" in words


def test_the_datasets_of_torch_too(crawl: Path) -> None:
    from curate.torch import WeightedImages, WeightedStream

    for kind in (WeightedImages, WeightedStream):
        assert "with its prefix=," in refusal(kind, crawl)
        assert refusal(kind, crawl, split="2").startswith("split=2")
        assert refusal(kind, crawl, keep="some").startswith("keep=some: it must be one of")


def test_the_names_of_files_are_left_alone(tmp_path: Path) -> None:
    words = refusal(curate.weight, tmp_path / "a --overwritten.csv")
    assert "a --overwritten.csv does not exist" in words
