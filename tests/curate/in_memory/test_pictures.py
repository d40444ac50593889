"""Pictures in tables: of Pillow, bytes and paths."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from PIL import Image

import curate
from curate.errors import CurateError
from curate.in_memory.objects import object_array
from tests.crawls import plain_png

COLOURS = ("red", "blue")
ROWS = 24


def pictures() -> list[bytes]:
    return [plain_png(COLOURS[row % 2], (8 + row, 9)) for row in range(ROWS)]


LABELS = [COLOURS[row % 2] for row in range(ROWS)]
CHOSEN = {"encoder": "onnx:model.onnx", "workers": 1}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with the pictures in a folder."""
    (tmp_path / "pictures").mkdir()
    for row, data in enumerate(pictures()):
        (tmp_path / "pictures" / f"{row}.png").write_bytes(data)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "LAB", "I", "F",
             "I;16", "La", "RGBa"]
)  # fmt: skip
def test_pictures_of_every_mode_are_written(mode: str) -> None:
    source = Image.fromarray(np.arange(192, dtype=np.uint8).reshape(8, 8, 3))
    through = {"PA": "LA", "La": "LA", "RGBa": "RGBA", "LAB": "RGB"}.get(mode, "RGB")
    if mode == "LAB":
        picture = Image.new("LAB", (8, 8), (40, 3, 5))
    elif mode == "I;16":
        picture = Image.fromarray(np.arange(64, dtype=np.uint16).reshape(8, 8) * 900)
    else:
        picture = source.convert("L").convert(mode) if mode in "IF" else (
            source.convert(through).convert(mode))  # fmt: skip
    array = object_array([picture, None, float("nan"), b"x", "a.png", Path("b.png")], "image", "it")
    first, *others = array.to_pylist()
    back = Image.open(io.BytesIO(first["bytes"]))
    assert back.size == (8, 8)
    if mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I", "F", "I;16"):
        assert back.mode == mode
        assert np.array_equal(np.asarray(back), np.asarray(picture)), "nothing is lost"
    assert others == [
        None,
        None,
        {"bytes": b"x", "path": None},
        {"bytes": None, "path": "a.png"},
        {"bytes": None, "path": "b.png"},
    ]


def test_other_objects_among_pictures_are_refused() -> None:
    picture = Image.new("RGB", (2, 2))
    with pytest.raises(CurateError, match="column 'image' holds pictures of Pillow and int"):
        object_array([picture, 3], "image", "the table")


def features(table: object, **options: object) -> np.ndarray:
    return np.asarray(curate.embed(table, **{**CHOSEN, **options}))


@pytest.fixture
def model(here: Path, write_onnx: Callable[..., Path]) -> None:
    """An encoder, model.onnx in the working directory."""
    write_onnx()


@pytest.mark.usefixtures("model")
def test_every_form_of_pictures_gives_the_same_features(here: Path) -> None:
    opened = [Image.open(io.BytesIO(data)) for data in pictures()]
    names = [f"pictures/{row}.png" for row in range(ROWS)]
    tables = {
        "bytes": pl.DataFrame({"image": pictures(), "label": LABELS}),
        "paths": pl.DataFrame({"image": names, "label": LABELS}),
        "whole paths": pa.table({"image": [str(here / name) for name in names], "label": LABELS}),
        "Pillow": pd.DataFrame({"image": opened, "label": LABELS}),
        "Pillow in polars": pl.DataFrame(
            {"image": pl.Series(opened, dtype=pl.Object), "label": LABELS}
        ),
        "Path": pd.DataFrame({"image": [here / name for name in names], "label": LABELS}),
    }
    expected = features(tables["bytes"])
    assert len(expected) == ROWS and expected.dtype == np.float16
    for kind, table in tables.items():
        assert np.array_equal(features(table), expected), kind


@pytest.mark.usefixtures("model")
def test_paths_start_from_the_root_and_do_not_leave_it(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = pd.DataFrame({"image": [f"{row}.png" for row in range(ROWS)], "label": LABELS})
    assert not np.isnan(features(frame, root="pictures")).any()
    monkeypatch.chdir(here / "work")
    above = frame.assign(image="../pictures/" + frame["image"])
    model = {"encoder": "onnx:../model.onnx"}
    with pytest.raises(CurateError, match=r"row 1: image .* leaves the folder .* with root="):
        features(above, **model)
    assert not np.isnan(features(above, root="..", **model)).any()


@pytest.mark.usefixtures("model")
def test_pictures_that_are_missing_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    frame = pd.DataFrame({"image": [f"pictures/{row}.png" for row in range(ROWS)], "label": LABELS})
    frame.loc[3:9, "image"] = "gone.png"
    rows = curate.weight(frame, graph="none", **CHOSEN)
    assert rows["weight"].iloc[3:10].tolist() == [0.0] * 7
    assert rows["status"].iloc[3:10].tolist() == ["missing"] * 7
    said = capsys.readouterr().err
    assert "7 of 24 rows (29%) have no features" in said
    assert "Look at these rows of the pandas DataFrame" in said.replace("\n", " ")
    assert "retry_failed=True" in said and "--" not in said and "/table-" not in said
