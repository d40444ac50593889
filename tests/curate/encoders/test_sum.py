"""`--encoder A+B`: features side by side, each part kept and used again."""

from pathlib import Path

import numpy as np
import polars as pl
from typer.testing import CliRunner, Result

from cli import app
from tests.crawls import png

ROWS = 36


def crawl(path: Path) -> None:
    rng = np.random.default_rng(0)
    images = []
    for row in range(ROWS):
        pixels = rng.integers(0, 90, (8, 8, 3), np.uint8)
        pixels[..., row % 3] += 120
        images.append(png(pixels))
    images[7] = b"<html>"
    pl.DataFrame({"image": images, "label": [f"c{r % 3}" for r in range(ROWS)]}).write_parquet(path)


def weigh(path: Path, encoder: str, *options: str) -> Result:
    result = CliRunner().invoke(
        app, ["weight", str(path), "--encoder", encoder, "--graph", "none", "--overwrite", *options]
    )
    assert result.exit_code == 0, result.output
    return result


def stores(run: Path) -> dict[str, tuple[int, int]]:
    """Tell of each store of features its D and when it was made."""
    return {
        path.parent.parent.name: (np.load(path).shape[1], path.stat().st_mtime_ns)
        for path in run.glob("features/*/*/features.npy")
    }


def test_parts_are_adapted_together_and_each_is_kept(tmp_path: Path, write_onnx) -> None:
    path, run = tmp_path / "crawl.parquet", tmp_path / "crawl.parquet.curate"
    crawl(path)
    weigh(path, "embedded")
    alone = stores(run)
    weigh(path, f"embedded+onnx:{write_onnx()}")
    both = stores(run)
    assert alone.items() < both.items()
    (embedded,), (onnx,) = alone.values(), [both[name] for name in both.keys() - alone.keys()]
    spaces = {len(np.load(file)) for file in run.glob("space/*/mean.npy")}
    assert spaces == {embedded[0], embedded[0] + onnx[0]}
    weigh(path, f"embedded+onnx:{tmp_path / 'model.onnx'}", "--retry-failed")
    assert stores(run).keys() == both.keys()
    rows = pl.read_parquet(tmp_path / "crawl.weighted.parquet")
    assert rows["status"].to_list() == ["not_image" if r == 7 else "ok" for r in range(ROWS)]
    assert rows["label_quality"].null_count() == 1
