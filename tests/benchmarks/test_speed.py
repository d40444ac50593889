import io
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from rich.console import Console

from benchmarks import products
from benchmarks.apart import Cost
from benchmarks.big_pictures import enlarged, plainly
from benchmarks.embedding import encode
from benchmarks.methods import curate
from benchmarks.metrics import auroc
from benchmarks.synthetic import noun_ids, write_crawl
from benchmarks.weights import Measured, weights_table
from curate.encoders.spec import open_encoder
from curate.images.decode import decode
from prototypes.engine.blocks import unit_rows


def test_a_synthetic_crawl_has_the_noise_that_it_says_and_curate_finds_it(tmp_path: Path) -> None:
    crawl = write_crawl(tmp_path / "crawl", 2_000, 5, 32)
    labels = pl.read_parquet(crawl.task.manifest)["label"].to_numpy()
    truth = pl.read_parquet(tmp_path / "crawl" / "truth.parquet")
    assert np.array_equal(truth["true_label"].to_numpy() != labels, crawl.wrong)
    assert crawl.wrong.mean() == pytest.approx(0.3, abs=0.04)
    assert crawl.task.features.shape == (2_000, 32)
    lengths = np.linalg.norm(crawl.task.features.astype(np.float32), axis=1)
    assert np.allclose(lengths, 1, atol=2e-3)
    judgement = curate.judge(crawl.task)
    assert auroc(crawl.wrong, judgement.scores["label_quality"]) > 0.6


def test_nouns_are_spread_over_wordnet() -> None:
    ids = noun_ids(50)
    assert len(set(ids)) == 50
    assert ids == sorted(ids)


def test_the_bare_products_are_those_of_the_method(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "SECONDS", 0.001)
    found = products.bare_products(30, 16)
    assert len(found) == 5
    assert all(product.cpu_seconds > 0 and product.seconds > 0 for product in found)


def test_the_table_has_both_ratios() -> None:
    console = Console(width=130)
    measured = Measured(1000, 10, 8, Cost(9.0, 6.0, 5_000_000), 4.0, 3.0, 0.9)
    with console.capture() as capture:
        console.print(weights_table([measured]))
    assert "1.50" in capture.get()
    assert "3.00" in capture.get()


def test_a_big_picture_is_the_same_to_an_encoder_however_it_was_decoded() -> None:
    rng = np.random.default_rng(0)
    blob = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (6, 8, 3), np.uint8)).save(blob, "png")
    photo = enlarged(blob.getvalue(), rng)
    encoder = open_encoder("embedded")
    ways = [way(photo, encoder.preprocess) for way in (decode, plainly)]
    features = unit_rows(encode(encoder, np.stack(ways)))
    assert features[0] @ features[1] > 0.98
