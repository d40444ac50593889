"""Training on a weighted manifest: pictures as bytes, files and in tars, whole and in shares."""

import inspect
import io
import pickle
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from torch.utils.data import DataLoader
from typer.testing import CliRunner

from cli import app
from curate.errors import CurateError
from curate.torch import (
    Sample,
    WeightedImages,
    WeightedStream,
    weighted_binary_cross_entropy,
    weighted_cross_entropy,
    weighted_sampler,
)
from tests.crawls import plain_png

pytestmark = pytest.mark.filterwarnings("ignore:.*is truncated. it is black")
ROWS, SIZE = 60, 8
NAMES = ("apple", "plum", "pear")
BROKEN = 7


def picture(row: int) -> bytes:
    """A picture that says its row."""
    if row == BROKEN:
        return b"\x89PNG\r\n\x1a\n, cut off"
    return plain_png((row, row, row), (SIZE, SIZE))


def write_crawl(folder: Path, where: str) -> Path:
    """Weigh a crawl whose pictures are bytes, files or in a tar."""
    labels = [NAMES[row % 3] for row in range(ROWS)]
    keys = [f"k{row:02d}" for row in range(ROWS)]
    features = np.eye(8)[np.arange(ROWS) % 3]
    features += np.random.default_rng(0).normal(0, 0.1, features.shape)
    np.save(folder / "x.npy", features.astype(np.float32))
    path = folder / "crawl.parquet"
    if where == "tar":
        path = folder / "0.tar"
        with tarfile.open(path, "w") as tar:
            for row in range(ROWS):
                parts = {"png": picture(row), "cls": labels[row].encode()}
                for ending, data in parts.items():
                    info = tarfile.TarInfo(f"{keys[row]}.{ending}")
                    info.size = len(data)
                    tar.addfile(info, io.BytesIO(data))
    elif where == "files":
        for row in range(ROWS):
            (folder / f"{row}.png").write_bytes(picture(row))
        paths = [f"{row}.png" for row in range(ROWS)]
        pl.DataFrame({"key": keys, "path": paths, "label": labels}).write_parquet(path)
    else:
        data = [picture(row) for row in range(ROWS)]
        table = pl.DataFrame({"key": keys, "image": data, "label": labels})
        table.write_parquet(path, row_group_size=16)
    out = folder / "w.parquet"
    options = ["--embeddings", folder / "x.npy", "--graph", "none", "--soft-labels", 2]
    arguments = ["weight", path, *options, "--out", out]
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    rows = pl.read_parquet(out)
    assert rows["weight"].min() > 0
    return out


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_crawl(tmp_path_factory.mktemp("crawl"), "bytes")


@pytest.fixture(scope="module")
def weights(path: Path) -> list[float]:
    return pl.read_parquet(path)["weight"].to_list()


def row_of(sample: Sample) -> int:
    """Read the row off the picture."""
    assert sample.image.shape == (3, SIZE, SIZE)
    return int(sample.image[0, 0, 0])


@pytest.mark.parametrize("where", ["bytes", "files", "tar"])
def test_pictures_are_found_wherever_they_lie(tmp_path: Path, where: str) -> None:
    path = write_crawl(tmp_path, where)
    weights = pl.read_parquet(path)["weight"].to_list()
    data = WeightedImages(path, size=SIZE)
    assert len(data) == ROWS
    assert data.classes == sorted(NAMES)
    for row in np.random.default_rng(0).permutation(ROWS):
        sample = data[int(row)]
        assert sample.key == f"k{row:02d}"
        assert data.classes[sample.label] == NAMES[row % 3]
        broken = row == BROKEN
        assert row_of(sample) == (0 if broken else row)
        assert sample.weight.item() == pytest.approx(0 if broken else weights[row])
    streamed = sorted(sample.key for sample in WeightedStream(path, size=SIZE))
    assert streamed == [f"k{row:02d}" for row in range(ROWS)]


def test_a_batch_keeps_the_keys(path: Path, weights: list[float]) -> None:
    data = WeightedImages(path, lambda image: image.float() / 255, size=SIZE)
    loader = DataLoader(data, batch_size=25, shuffle=True)
    seen = []
    for batch in loader:
        assert isinstance(batch, Sample)
        n = len(batch.key)
        assert batch.image.shape == (n, 3, SIZE, SIZE)
        assert (batch.label.dtype, batch.weight.dtype) == (torch.int64, torch.float32)
        loss = weighted_cross_entropy(torch.zeros(n, 3), batch.label, batch.weight)
        kept = [weights[int(key[1:])] * (key != f"k{BROKEN:02d}") for key in batch.key]
        assert loss.item() == pytest.approx(np.mean(kept) * np.log(3), rel=1e-5)
        seen += batch.key
    assert sorted(seen) == [f"k{row:02d}" for row in range(ROWS)]


def test_parts_of_a_split_share_classes_and_no_rows(path: Path) -> None:
    options: dict[str, Any] = {"size": SIZE, "split": "0.5/0.5"}
    parts = [WeightedImages(path, part=part, **options) for part in ("train", "validation")]
    keys = [{part[place].key for place in range(len(part))} for part in parts]
    assert not keys[0] & keys[1]
    assert len(keys[0] | keys[1]) == ROWS
    assert parts[0].classes == parts[1].classes
    with pytest.raises(CurateError, match="its parts are: train, validation"):
        WeightedImages(path, part="test", **options)


def test_classes_can_be_given(path: Path) -> None:
    names = ["none of them", *NAMES]
    assert WeightedImages(path, classes=names, size=SIZE)[0].label == 1
    with pytest.raises(CurateError, match="classes= lacks 'pear'"):
        WeightedImages(path, classes=["apple", "plum"], size=SIZE)


def test_soft_labels_are_shares_of_all_classes(path: Path) -> None:
    data = WeightedImages(path, size=SIZE, labels="soft")
    rows = pl.read_parquet(path)
    for place in (0, 20, 40):
        expected = dict.fromkeys(data.classes, 0.0)
        expected |= zip(rows["soft_labels"][place], rows["soft_probabilities"][place], strict=True)
        assert data[place].label.tolist() == pytest.approx(list(expected.values()))
        assert data[place].weight == 1
    logits = torch.randn(3, 3)
    target = torch.stack([data[place].label for place in range(3)])
    loss = weighted_cross_entropy(logits, target, torch.ones(3))
    assert loss.item() == pytest.approx(-(target * logits.log_softmax(1)).sum().item() / 3)


def test_streams_deal_every_row_out_once(path: Path) -> None:
    for world in (1, 2, 3, 7):
        ranks = [WeightedStream(path, size=SIZE, rank=r, world=world) for r in range(world)]
        keys = [[sample.key for sample in stream] for stream in ranks]
        assert {len(each) for each in keys} == {ROWS // world}
        assert len({key for each in keys for key in each}) == ROWS // world * world


def test_workers_share_the_rows_of_their_process(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: list[str] = []
    for rank, worker in np.ndindex(2, 3):
        info = SimpleNamespace(id=worker, num_workers=3)
        monkeypatch.setattr("curate.torch.get_worker_info", lambda info=info: info)
        stream = WeightedStream(path, size=SIZE, rank=rank, world=2)
        sent = pickle.loads(pickle.dumps(stream))
        keys += [sample.key for sample in sent]
    assert sorted(keys) == [f"k{row:02d}" for row in range(ROWS)]


def test_each_epoch_has_another_order_and_the_same_epoch_the_same(path: Path) -> None:
    stream = WeightedStream(path, size=SIZE, buffer=8)

    def order(epoch: int) -> list[str]:
        stream.set_epoch(epoch)
        return [sample.key for sample in stream]

    first = order(0)
    assert order(1) != first
    assert order(0) == first
    assert first != sorted(first)
    plain = [sample.key for sample in WeightedStream(path, size=SIZE, shuffle=False)]
    assert plain == sorted(plain)
    pictures = {sample.key: row_of(sample) for sample in stream}
    assert all(row in (int(key[1:]), 0) for key, row in pictures.items())


def test_a_sampler_draws_by_weight(path: Path) -> None:
    data = WeightedImages(path, size=SIZE)
    sampler = weighted_sampler(data, num_samples=20_000)
    counts = np.bincount(list(sampler), minlength=ROWS)
    expected = 20_000 * data.weights.numpy() / data.weights.sum().item()
    assert (np.abs(counts - expected) < 6 * np.sqrt(expected)).all()
    assert list(weighted_sampler(data)) == list(weighted_sampler(data))


def test_rows_that_weigh_nothing_are_left_out(tmp_path: Path, path: Path) -> None:
    rows = pl.read_parquet(path).with_row_index()
    rows = rows.with_columns(
        label_quality=pl.col("label_quality") * 0.9,
        weight=pl.when(pl.col("index") < 50).then(pl.col("weight")).otherwise(0).cast(pl.Float32),
        status=pl.when(pl.col("index") > 2).then(pl.col("status")).otherwise(pl.lit("missing")),
    )
    rows.drop("index").write_parquet(tmp_path / "w.parquet")
    assert len(WeightedImages(tmp_path / "w.parquet", size=SIZE)) == 47
    everything = WeightedImages(tmp_path / "w.parquet", size=SIZE, keep="all")
    assert len(everything) == 57
    assert (everything.weights == 0).sum() == 10
    with pytest.raises(CurateError, match="is left to train on"):
        WeightedImages(tmp_path / "w.parquet", size=SIZE, min_quality=1.0)


def test_several_labels(tmp_path: Path) -> None:
    labels = [["a", "b"], ["b"], ["c", None]]
    heft = pl.Series([[0.5, 0.0], [0.3], [0.9, 0.0]], dtype=pl.List(pl.Float32))
    same = dict.fromkeys(("weight", "label_quality", "distance", "consistency"), heft)
    pl.DataFrame(
        {
            "label": labels,
            "image": [picture(row) for row in (1, 2, BROKEN)],
            **same,
            "suggested_label": [["c"]] * 3,
            "suggested_quality": [[0.5]] * 3,
            "is_label_issue": [[False] * len(row) for row in labels],
            "issue_kind": [["x"] * len(row) for row in labels],
            "status": ["ok"] * 3,
        }
    ).write_parquet(tmp_path / "w.parquet")
    data = WeightedImages(tmp_path / "w.parquet", size=SIZE)
    assert data.weights.tolist() == pytest.approx([0.5, 0.3, 0.9])
    _, labels_, weights, _ = next(iter(DataLoader(data, batch_size=3)))
    assert labels_.tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 1]]
    np.testing.assert_allclose(weights, [[0.5, 0, 1], [1, 0.3, 1], [0, 0, 0]])
    logits = torch.randn(3, 3)
    p = logits.sigmoid()
    each = -(labels_ * p.log() + (1 - labels_) * (1 - p).log())
    loss = weighted_binary_cross_entropy(logits, labels_, weights)
    assert loss.item() == pytest.approx((weights * each).sum().item() / 3, rel=1e-5)


def test_the_loss_is_equation_7() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(40, 5, generator=generator)
    target = torch.randint(0, 5, (40,), generator=generator)
    weight = torch.rand(40, generator=generator)
    expected = 0.0
    for z, y, w in zip(logits, target, weight, strict=True):
        expected -= w.item() * (z[y] - z.exp().sum().log()).item() / 40
    assert weighted_cross_entropy(logits, target, weight).item() == pytest.approx(expected)
    hard = torch.nn.functional.one_hot(target, 5).float()
    assert weighted_cross_entropy(logits, hard, weight).item() == pytest.approx(expected)


def test_a_copy_of_the_pictures_goes_with_the_dataset(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    data = WeightedImages(path, size=SIZE)
    assert len(list(tmp_path.iterdir())) == 1
    del data
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("dataset", [WeightedImages, WeightedStream])
def test_the_signature_says_the_options_of_a_dataset(dataset: type) -> None:
    parameters = inspect.signature(dataset).parameters
    assert list(parameters)[:3] == ["path", "transform", "size"]
    assert parameters["path"].annotation == str | Path
    assert parameters["transform"].kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    assert (parameters["size"].annotation, parameters["size"].default) == (int, 256)
    assert parameters["root"].annotation == str | Path | None
    assert ("buffer" in parameters) == (dataset is WeightedStream)
    assert not [each for each in parameters.values() if each.kind is inspect.Parameter.VAR_KEYWORD]


def test_an_option_that_is_none_and_a_value_of_another_type_are_refused(tmp_path: Path) -> None:
    name = r"curate.torch.WeightedImages\(\)"
    with pytest.raises(TypeError, match=rf"{name} has no option 'buffer'; see help\("):
        WeightedImages(tmp_path / "w.parquet", buffer=3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=rf"{name}: size='big' is not what it takes: int"):
        WeightedImages(tmp_path / "w.parquet", size="big")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=rf"{name}: transform='crop' is not"):
        WeightedImages(tmp_path / "w.parquet", "crop")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=rf"{name}: too many positional"):
        WeightedImages(tmp_path / "w.parquet", None, 224)  # type: ignore[misc]
