"""`curate weight --caption-agreement` and `--zero-shot`, as a user runs them."""

import io
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from cli import app
from curate.store.folders import Folders

NAMES = ("apple", "banana", "plum", "tractor")
ROWS = 600


def curate(path: Path, *options: object) -> Result:
    arguments = ["weight", path, "--graph", "none", *options]
    return CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "200"})


def weigh(path: Path, out: Path, *options: object) -> tuple[pl.DataFrame, str]:
    result = curate(path, "--out", out, "--run-dir", out.with_suffix(".run"), *options)
    assert result.exit_code == 0, result.output
    return pl.read_parquet(out), result.stderr


def auroc(rows: pl.DataFrame) -> float:
    wrong = (rows["true"] != rows["label"]).to_numpy()
    quality = rows["label_quality"].to_numpy()
    return float((quality[wrong][:, None] < quality[~wrong][None]).mean())


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Embeddings that tell the classes apart badly; titles that name what is seen, or nothing."""
    folder = tmp_path_factory.mktemp("captions")
    rng = np.random.default_rng(0)
    true = rng.integers(0, 4, ROWS)
    wrong = rng.random(ROWS) < 0.3
    given = np.where(wrong, (true + rng.integers(1, 4, ROWS)) % 4, true)
    embedding = rng.normal(size=(ROWS, 12)) + 1.3 * np.eye(4, 12)[true]
    forms = ("a photo of a {}", "my {}", "buy this {} now")
    seen = [forms[row % 3].format(NAMES[name]) for row, name in enumerate(true)]
    searched = [forms[row % 3].format(NAMES[name]) for row, name in enumerate(given)]
    seen[::10] = [None] * len(seen[::10])
    pl.DataFrame(
        {
            "label": [NAMES[name] for name in given],
            "true": [NAMES[name] for name in true],
            "embedding": embedding.astype(np.float32),
            "title": seen,
            "searched": searched,
        }
    ).write_parquet(folder / "crawl.parquet")
    return folder / "crawl.parquet"


@pytest.fixture(scope="module")
def plain(crawl: Path) -> pl.DataFrame:
    rows, said = weigh(crawl, crawl.with_name("plain.parquet"))
    assert "caption_agreement" not in rows.columns
    assert "--caption-agreement" not in said
    return rows


def test_captions_of_what_is_seen_sharpen_quality(crawl: Path, plain: pl.DataFrame) -> None:
    rows, said = weigh(crawl, crawl.with_name("seen.parquet"), "--caption-agreement")
    assert "count in label_quality with weight" in said
    assert auroc(rows) > auroc(plain) + 0.03
    agreement = rows["caption_agreement"]
    assert agreement.dtype == pl.Float32
    assert (agreement.is_null() == rows["title"].is_null()).all()
    means = rows.group_by("label").agg(pl.col("caption_agreement").mean().abs())
    assert means["caption_agreement"].max() < 1e-3
    right = rows["true"] == rows["label"]
    assert agreement.filter(right).mean() > 0.3 > -0.3 > agreement.filter(~right).mean()  # type: ignore[operator]
    assert rows["distance"].equals(plain["distance"])


def test_captions_that_hold_the_word_that_was_searched_for_change_nothing(
    crawl: Path, plain: pl.DataFrame
) -> None:
    options = ("--caption-agreement", "--caption", "searched")
    rows, said = weigh(crawl, crawl.with_name("searched.parquet"), *options)
    assert "captions predict nothing" in said
    assert rows.drop("caption_agreement").equals(plain)
    name = crawl.with_name("named.parquet")
    pl.read_parquet(crawl).with_columns(title=pl.col("label")).write_parquet(name)
    rows, _ = weigh(name, crawl.with_name("same.parquet"), "--caption-agreement")
    assert set(rows["caption_agreement"]) == {0.0}
    assert rows["label_quality"].equals(plain["label_quality"])


def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(
    crawl: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = crawl.with_name("parts")
    folder.mkdir()
    for part in range(3):
        pl.read_parquet(crawl)[part * 200 : part * 200 + 200].write_parquet(
            folder / f"{part}.parquet"
        )
    options = ("--caption-agreement", "--graph", "captions")
    whole, out = (crawl.parent / name / "w.parquet" for name in ("whole", "killed"))
    weigh(folder, whole, *options)
    write, left = Folders.write, [2]

    def dying(self: Folders, name: str, contents: dict, **facts: object) -> None:
        left[0] -= "vectors" in contents
        if not left[0]:
            raise KeyboardInterrupt
        write(self, name, contents, **facts)

    with monkeypatch.context() as patch:
        patch.setattr(Folders, "write", dying)
        run = ("--out", out, "--run-dir", out.with_suffix(".run"))
        assert curate(folder, *run, *options).exit_code == 130
    weigh(folder, out, *options)
    assert out.read_bytes() == whole.read_bytes()


KINDS = (*NAMES, "jay", "crane", "teapot", "barn", "lion", "slug", "pole", "hog")
COLOURS = np.random.default_rng(7).integers(60, 200, (12, 3))


def draw(names: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw a picture for each name: (n, 32, 32, 3)."""
    colours = COLOURS[names] + rng.normal(0, 30, (len(names), 3))
    pixels = colours[:, None, None] + rng.normal(0, 40, (len(names), 32, 32, 3))
    return np.clip(pixels, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few pictures of many classes with wrong labels: bad prototypes."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, 12, 300)
    given = np.where(rng.random(300) < 0.4, rng.integers(0, 12, 300), true)
    files = [io.BytesIO() for _ in true]
    for pixels, file in zip(draw(true, rng), files, strict=True):
        Image.fromarray(pixels).save(file, "png")
    path = tmp_path_factory.mktemp("pictures") / "crawl.parquet"
    pl.DataFrame(
        {
            "image": [file.getvalue() for file in files],
            "label": [KINDS[name] for name in given],
            "true": [KINDS[name] for name in true],
        }
    ).write_parquet(path)
    return path


TOWERS = {
    "embed_dim": 48,
    "vision_cfg": {
        "image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 16,
    },
    "text_cfg": {"context_length": 24, "vocab_size": 49408, "width": 48, "heads": 2, "layers": 1},
}  # fmt: skip


@pytest.fixture(scope="module")
def towers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Checkpoints of two small towers with random weights; the second one's text tower is fitted.

    Its last layer brings the prompts of a class to where linear discriminant analysis wants them.
    """
    import open_clip
    import torch
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("towers")
    (folder / "curate-towers.json").write_text(json.dumps(TOWERS))
    open_clip.add_model_config(folder / "curate-towers.json")
    names = np.arange(1200) % 12
    with torch.random.fork_rng(), torch.inference_mode():
        torch.manual_seed(0)
        model = open_clip.create_model("curate-towers").eval()
        save_file(model.state_dict(), folder / "random.safetensors")
        mean, std = (
            torch.tensor(model.visual.preprocess_cfg[key]).view(3, 1, 1) for key in ("mean", "std")
        )
        pixels = torch.tensor(draw(names, np.random.default_rng(1))).permute(0, 3, 1, 2) / 255
        x = model.encode_image((pixels - mean) / std, normalize=True).double().numpy()
        centres = np.stack([x[names == name].mean(axis=0) for name in range(12)])
        within = np.cov((x - centres[names]).T)
        within += 0.01 * np.trace(within) / len(within) * np.eye(len(within))
        wanted = np.linalg.solve(within, (centres - x.mean(axis=0)).T).T
        wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
        model.text_projection.copy_(torch.eye(48))
        prompts = [form(name) for name in KINDS for form in open_clip.SIMPLE_IMAGENET_TEMPLATES]
        tokens = open_clip.get_tokenizer("curate-towers")(prompts)
        read = model.encode_text(tokens).double().numpy()
        fit = np.linalg.lstsq(read, wanted.repeat(len(prompts) // 12, axis=0))[0]
        model.text_projection.copy_(torch.tensor(fit))
        save_file(model.state_dict(), folder / "fitted.safetensors")
    return folder / "random.safetensors", folder / "fitted.safetensors"


def with_and_without(path: Path, weights: Path) -> tuple[pl.DataFrame, pl.DataFrame, str]:
    options = ("--encoder", f"open_clip:curate-towers@{weights}", "--workers", 1)
    out = path.with_name(f"{weights.stem}.parquet")
    without, _ = weigh(path, out, *options)
    rows, said = weigh(path, out, *options, "--zero-shot", "--overwrite")
    return without, rows, said


def test_towers_with_random_weights_are_found_worthless(
    pictures: Path, towers: tuple[Path, Path]
) -> None:
    without, rows, said = with_and_without(pictures, towers[0])
    assert "class names predict nothing" in said
    assert rows.equals(without)


def test_towers_that_know_the_names_sharpen_quality(
    pictures: Path, towers: tuple[Path, Path]
) -> None:
    without, rows, said = with_and_without(pictures, towers[1])
    assert "class names predict held-out rows" in said
    assert auroc(rows) > auroc(without) + 0.01
    kept = list(pictures.with_name("fitted.run").glob("zero_shot/*/vectors.npy"))
    assert [np.load(file).shape for file in kept] == [(12, 48)]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--zero-shot"], "which a crawl with its own features lacks"),
        (["--zero-shot", "--encoder", "embedded"], "which --encoder embedded lacks"),
        (["--caption-agreement", "--caption", "alt"], "has no column 'alt'"),
        (["--caption-agreement", "--text-model", "/no/bert"], "/no/bert is not a folder"),
    ],
)
def test_what_cannot_be_is_told(crawl: Path, options: list[str], said: str) -> None:
    out = crawl.with_name("never.parquet")
    result = curate(crawl, "--out", out, "--run-dir", out.with_suffix(".run"), *options)
    assert result.exit_code == 2, result.output
    assert said in " ".join(result.stderr.split())
    assert not out.exists()


def test_a_manifest_without_captions_is_told(crawl: Path) -> None:
    path = crawl.with_name("bare.parquet")
    pl.read_parquet(crawl).drop("title").write_parquet(path)
    result = curate(path, "--caption-agreement")
    assert result.exit_code == 2
    assert "has no caption column; name it with --caption" in " ".join(result.stderr.split())
