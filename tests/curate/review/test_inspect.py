import io
import tarfile
from pathlib import Path

import polars as pl
import pytest
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

from cli import app
from curate.review.inspect import inspect
from curate.weighted import WeightedOptions


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (255, 0, 0)).save(file, "png")
    return file.getvalue()


def weighted(path: Path, **columns: object) -> Path:
    table = pl.DataFrame(
        {
            "key": ["a", "b", "c", "d"],
            "image": [png()] * 4,
            "label": ["cat", "[red]dog[/]\x1b[2J", "cat", "dog"],
            "label_quality": [0.5, 0.1, None, 0.3],
            "suggested_label": ["dog", "cat", "cat", "dog"],
        }
    )
    table = table.with_columns(pl.Series(name, values) for name, values in columns.items())
    table.write_parquet(path)
    return path


def shown(path: Path, colours: bool = False, **options: object) -> str:
    stream = io.StringIO()
    system = "truecolor" if colours else None
    console = Console(file=stream, width=80, force_terminal=colours, color_system=system)
    inspect(WeightedOptions(path), console=console, **options)
    return stream.getvalue()


def test_the_worst_come_first_and_rows_without_a_score_not_at_all(tmp_path: Path) -> None:
    lines = shown(weighted(tmp_path / "w.parquet")).splitlines()
    qualities = [word for line in lines for word in line.split() if word.startswith("0.")]
    assert qualities == ["0.100", "0.300", "0.500"]
    assert "\x1b" not in "".join(lines)
    assert "[red]dog[/]�[2J" in "".join(lines)


def test_limit_and_class_choose_rows(tmp_path: Path) -> None:
    path = weighted(tmp_path / "w.parquet")
    assert "0.300" not in shown(path, limit=1)
    words = shown(path, label="cat")
    assert "0.500" in words
    assert "0.100" not in words


def test_pictures_are_shown_in_a_colour_terminal_from_bytes_paths_and_tars(tmp_path: Path) -> None:
    red = "38;2;255;0;0"
    assert red in shown(weighted(tmp_path / "w.parquet"), colours=True)
    (tmp_path / "red.png").write_bytes(png())
    path = weighted(tmp_path / "p.parquet", image=["red.png"] * 3 + ["gone.png"])
    words = shown(path, colours=True)
    assert red in words
    assert "(missing)" in words
    with tarfile.open(tmp_path / "0.tar", "w") as tar:
        tar.add(tmp_path / "red.png", "red.png")
    with tarfile.open(tmp_path / "0.tar") as tar:
        member = tar.getmember("red.png")
    offset, length = member.offset_data, member.size
    pieces = {"tar": ["0.tar"] * 4, "offset": [offset] * 4, "length": [length] * 4}
    path = weighted(tmp_path / "t.parquet", image=["red.png"] * 4, **pieces)
    assert red in shown(path, colours=True)


def test_what_cannot_be_shown_is_said(tmp_path: Path) -> None:
    pl.DataFrame({"key": ["a"], "label": ["x"]}).write_parquet(tmp_path / "raw.parquet")
    result = CliRunner().invoke(app, ["inspect", str(tmp_path / "raw.parquet")])
    assert result.exit_code == 2
    assert "has no column 'label_quality'; give what `curate weight` wrote" in result.stderr
    path = weighted(tmp_path / "w.parquet")
    result = CliRunner().invoke(app, ["inspect", str(path), "--class", "cow"])
    assert result.exit_code == 2
    assert "no judged row with the label 'cow'" in result.stderr


@pytest.mark.parametrize("missing", ["image"])
def test_without_pictures_the_words_are_shown(tmp_path: Path, missing: str) -> None:
    path = weighted(tmp_path / "w.parquet")
    pl.read_parquet(path).drop(missing).write_parquet(path)
    assert "0.100" in shown(path)
