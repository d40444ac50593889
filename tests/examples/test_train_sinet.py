"""The paper's comparison as its user runs it, and what the three models are trained on."""

import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
import torch
from typer.testing import CliRunner

from cli import app
from tests.crawls import png

EXAMPLES = Path(__file__).parents[2] / "examples"
PROGRAM = EXAMPLES / "train_sinet.py"
COLOURS = {"blue": (20, 40, 230), "green": (30, 220, 50), "red": (240, 30, 20)}
ROWS, WRONG = 150, 30


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Steps of small batches: threads would only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def sinet() -> SimpleNamespace:
    """The program's functions, and those that it shares with others."""
    from pixels import rows, training

    return SimpleNamespace(**vars(training) | vars(rows) | runpy.run_path(str(PROGRAM)))


def picture(name: str, rng: np.random.Generator) -> bytes:
    """A colour with some noise."""
    colour = COLOURS[name] + rng.normal(0, 20, (16, 16, 3))
    return png(colour)


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weighted crawl of colours, a fifth of its labels wrong, beside its truth."""
    folder = tmp_path_factory.mktemp("crawl")
    rng = np.random.default_rng(0)
    names = sorted(COLOURS)
    true = rng.integers(3, size=ROWS)
    given = true.copy()
    given[:WRONG] = (true[:WRONG] + 1) % 3
    rows = pl.DataFrame(
        {
            "key": [f"{row:03d}" for row in range(ROWS)],
            "image": [picture(names[y], rng) for y in true],
            "label": [names[y] for y in given],
        }
    )
    rows.write_parquet(folder / "crawl.parquet")
    rows.select("key", label=pl.Series([names[y] for y in true])).write_csv(folder / "truth.csv")
    features = np.eye(8)[true] + rng.normal(0, 0.1, (ROWS, 8))
    np.save(folder / "x.npy", features.astype(np.float32))
    command = ["weight", str(folder / "crawl.parquet"), "--embeddings", str(folder / "x.npy")]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    return folder / "crawl.weighted.parquet"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    command = ["train_sinet.py", *map(str, arguments), "--batch", "40", "--device", "cpu"]
    monkeypatch.setattr(sys, "argv", command)
    runpy.run_path(str(PROGRAM), run_name="__main__")


def test_prints_how_right_each_model_is_on_held_out_rows(
    crawl: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = crawl.with_name("truth.csv")
    chosen = ["--hold-out", 0.2, "--top-k", 2, "--refresh", 3, "--schedule", "16:10"]
    run(monkeypatch, crawl, "--test", truth, *chosen)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "120 rows in 3 classes, scored on 30"
    table = {line[0]: float(line.split()[1]) for line in lines[-5:]}
    assert list(table) == ["A", "B", "C", "R", "D"]
    assert table["C"] > 90
    assert table["R"] > 90
    assert lines[-3].endswith("55.57 / 78.34"), "the paper's"


def test_a_test_table_may_bring_its_own_pictures(
    crawl: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(1)
    for name in COLOURS:
        crawl.with_name(f"{name}.png").write_bytes(picture(name, rng))
    table = {"image": [f"{name}.png" for name in (*COLOURS, "no")], "right": [*COLOURS, "pink"]}
    test = crawl.with_name("test.parquet")
    pl.DataFrame(table).write_parquet(test)
    sizes = ["--schedule", "16:1", "20:1", "--decode", 24]
    run(monkeypatch, crawl, "--test", test, "--test-label", "right", *sizes)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "150 rows in 3 classes, scored on 3"
    assert [line[0] for line in lines[-3:]] == ["A", "B", "C"]


def test_a_test_table_of_another_crawl_is_named(
    crawl: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = crawl.with_name("other.csv")
    pl.DataFrame({"key": ["x"], "label": ["red"]}).write_csv(other)
    with pytest.raises(SystemExit, match=r"Error: .*other\.csv: 0 of its rows"):
        run(monkeypatch, crawl, "--test", other, "--schedule", "16:1")


def test_the_surest_rows_are_the_heaviest_of_each_class(sinet: SimpleNamespace) -> None:
    weights = torch.tensor([0.1, 0.9, 0.5, 0.0, 0.2, 0.3])
    rows = sinet.Rows(torch.zeros(6), torch.tensor([0, 0, 0, 0, 1, 2]), weights)
    assert sinet.surest(rows, 0.5).tolist() == [False, True, True, False, True, True]


def test_only_labels_that_are_not_sure_are_smoothed(sinet: SimpleNamespace) -> None:
    logits = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
    rows = sinet.Rows(torch.zeros(3, 3, 2, 2), torch.tensor([0, 1, 2]), torch.ones(3))
    options = SimpleNamespace(top_k=2, smoothing=0.25, schedule=[(2, 1)], device="cpu")
    sure = torch.tensor([True, False, False])
    found = sinet.smoothed(rows, sure, lambda images: logits, options)
    assert found[0].tolist() == [1, 0, 0, 0]
    for row in (1, 2):
        expected = torch.zeros(4)
        likely = logits[row].argsort(descending=True)[:2]
        expected[likely] = 0.25 * logits[row, likely].exp() / logits[row, likely].exp().sum()
        expected[row] += 0.75
        torch.testing.assert_close(found[row], expected)


def test_a_pass_draws_every_row_once(sinet: SimpleNamespace) -> None:
    drawn = torch.cat(list(sinet.batches(7, 4, 6)))
    assert len(drawn) == 24
    for start in (0, 7, 14):
        assert sorted(drawn[start : start + 7].tolist()) == list(range(7))


def test_a_view_is_a_part_of_the_picture_at_the_size_asked_for(sinet: SimpleNamespace) -> None:
    # Brightness grows by 2 a pixel from left to right, so a view says where it lies.
    image = torch.arange(0, 64, 2, dtype=torch.uint8).expand(1, 3, 32, 32)
    torch.manual_seed(0)
    views = sinet.another_view(image.expand(200, 3, 32, 32), 16)
    assert views.shape == (200, 3, 16, 16)
    low, high = sinet.scaled(torch.tensor([0, 62]))
    assert views.min() >= low - 1e-4
    assert views.max() <= high + 1e-4
    steps = (views[:, 0, 0, -1] - views[:, 0, 0, 0]).abs() / (high - low)
    assert ((steps > 0.6) & (steps <= 1)).all()
    mirrored = views[:, 0, 0, -1] < views[:, 0, 0, 0]
    assert 60 < mirrored.sum() < 140


def options(**chosen: object) -> SimpleNamespace:
    usual = {"network": "small", "device": "cpu", "batch": 8, "rate": 0.1, "schedule": [(16, 4)]}
    return SimpleNamespace(**usual | chosen)


def test_each_half_is_judged_by_the_network_that_learns_from_the_other(
    sinet: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = sinet.Rows(torch.zeros(40, 3, 16, 16).byte(), torch.arange(40) % 2, torch.ones(40))
    learned, asked = [], []
    whole = sinet.train_refreshed.__globals__

    class Training:
        def __init__(self, rows, *_: object) -> None:  # type: ignore[no-untyped-def]
            self.network, self.rows = torch.nn.Identity(), len(rows.labels)

        def begin(self, *_: object) -> None:
            pass

        def averaged(self) -> int:
            return self.rows

        def run(self, weights: torch.Tensor, epochs: int) -> None:
            learned.append((self.rows, weights.tolist(), epochs))

    def again(logits: torch.Tensor) -> torch.Tensor:
        asked.append(logits[:, 0])
        return torch.full((40,), float(len(asked) + 1))

    monkeypatch.setitem(whole, "Training", Training)
    monkeypatch.setitem(whole, "predict", lambda size, *_: torch.full((40, 2), float(size)))
    sinet.train_refreshed(rows, again, 2, 0, options(refresh=3, schedule=[(16, 4), (20, 2)]))
    sizes = sorted(size for size, _, _ in learned[:3])
    assert sizes[2] == 40
    assert sizes[0] + sizes[1] == 40
    for logits in asked:  # as many rows as one network learns from are judged by the other
        assert sorted(logits.tolist()) == sorted([sizes[0]] * sizes[1] + [sizes[1]] * sizes[0])
    weights = [(weights[0], epochs) for size, weights, epochs in learned if size == 40]
    assert weights == [(1.0, 3), (2.0, 1), (3.0, 2)]


def test_a_training_in_parts_takes_the_steps_of_one_in_one_piece(sinet: SimpleNamespace) -> None:
    rows = sinet.Rows(torch.zeros(20, 3, 16, 16).byte(), torch.arange(20) % 2, torch.ones(20))
    for parts in ((4,), (1, 3), (1, 1, 1, 1)):
        training = sinet.Training(rows, 2, 0, options())
        training.begin(16, 4, 0.1)
        for epochs in parts:
            training.run(rows.weights, epochs)
        assert training._schedule.last_epoch == 10


def test_an_average_follows_the_network(sinet: SimpleNamespace) -> None:
    rows = sinet.Rows(
        torch.randint(256, (20, 3, 16, 16)).byte(), torch.arange(20) % 2, torch.ones(20)
    )
    training = sinet.Training(rows, 2, 0, options())
    average = training.averaged()
    training.begin(16, 4, 0.1)
    training.run(rows.weights, 4)
    now, mean = (module.state_dict() for module in (training.network, average.module))
    assert any(not torch.equal(now[name], mean[name]) for name in now)
    assert sinet.predict(average, rows.images, options()).isfinite().all()
