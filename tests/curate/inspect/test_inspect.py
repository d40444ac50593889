"""`curate inspect` as a user runs it."""

import io
import json
import re
import tarfile
import unicodedata
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console
from rich.text import Text
from typer.testing import CliRunner

from cli import app
from curate.commands.inspect import inspect
from curate.commands.weight import weigh
from curate.options.inspect import InspectOptions
from curate.options.weight import WeightOptions

from .conftest import NO_FEATURES, NO_LABEL, ROWS, draw_features, png

RED = "38;2;255;0;0"
HOSTILE = [
    "<script>alert(1)</script>",
    "[red]markup[/] [link=http://x]y[/link]",
    "\x1b[31mred\x1b[2J\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\\x1b]52;c;ZXZpbA==\x07",
    "rtl\u202eevil\u2066x\u2069 \x9b31m nul\x00 tab\t nl\n 漢字" + "x" * 300,
]


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["inspect", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["inspect", *map(str, arguments)])
    assert result.exit_code == 2, result.output
    return result.stderr


def shown(path: Path, width: int = 80, height: int = 24, **options: object) -> str:
    """Show in a terminal with colours."""
    stream = io.StringIO()
    console = Console(
        file=stream, width=width, height=height, force_terminal=True, color_system="truecolor",
        no_color=False,
    )  # fmt: skip
    chosen = {"pictures": "blocks"} | options
    inspect(InspectOptions(path, **chosen), console)
    return stream.getvalue()


def test_what_is_piped_is_words_that_are_not_cut(folder: Path) -> None:
    words = run(folder / "w.parquet")
    assert "\x1b" not in words
    assert "▀" not in words
    for said in (
        f"{ROWS} in 3 classes",
        "labels that look wrong",
        "label_quality",
        "weight",
        "Worst classes",
        "→ likely true",
        "12 of 88 samples, those of lowest quality",
        "a photo of green",
    ):
        assert said in words


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (200, 60), (20, 10)])
def test_it_fits_the_terminal(folder: Path, width: int, height: int) -> None:
    text = shown(folder / "w.parquet", width, height)
    lines = Text.from_ansi(text).plain.splitlines()
    assert max(map(len, lines)) <= width
    assert RED in text
    few = {40: "4 of 88", 60: "7 of 88"}.get(height, "2 of 88")
    summary = next(at for at, line in enumerate(lines) if line.startswith(few))
    assert summary <= height or width == 20
    assert len(lines) < height or width in (20, 120)


def test_on_a_low_screen_more_can_be_asked_for(folder: Path) -> None:
    assert "3 of 88" in shown(folder / "w.parquet", limit=3)
    assert "12 of" in shown(folder / "w.parquet", given="red")
    words = Text.from_ansi(shown(folder / "w.parquet", pictures="none")).plain.splitlines()
    assert len(words) < 24
    assert any(line.startswith("6 of 88") for line in words)


def test_options_choose_samples(folder: Path) -> None:
    path = folder / "w.parquet"
    words = run(path, "--given", "red", "--suggested", "green", "--limit", 2)
    assert "samples with class red, suggested green, those of lowest quality" in words
    assert "in 3 classes" not in words
    assert len([line for line in words.splitlines() if line.startswith("red")]) == 2
    assert "those farthest from their prototype" in run(path, "--sort", "distance")
    assert "relabel" in run(path, "--kind", "relabel", "--limit", 1)
    assert f"k{NO_FEATURES}" in run(path, "--status", "not_finite")


def test_json_is_for_programs(folder: Path) -> None:
    words = run(folder / "w.parquet", "--json", "--limit", 3, "--class", "red")
    assert words.isascii()
    found = json.loads(words)
    assert list(found) == [
        "version", "weighted", "made", "skipped", "summary", "classes", "confusions", "found",
        "samples",
    ]  # fmt: skip
    summary = found["summary"]
    assert (found["version"], summary["rows"], summary["classes"]) == (1, ROWS, 3)
    assert summary["statuses"] == {"ok": ROWS - 1, "not_finite": 1}
    assert 0 < summary["noise"] < 0.3
    assert len(summary["quality"]["edges"]) == len(summary["quality"]["counts"]) + 1
    assert sum(row["count"] for row in found["confusions"]) > 5
    assert {row["label"]: row["rows"] for row in found["classes"]}["red"] == 29
    assert [row["label"] for row in found["samples"]] == ["red"] * 3
    qualities = [row["label_quality"] for row in found["samples"]]
    assert qualities == sorted(qualities)


def test_one_sample_is_shown_in_full(folder: Path) -> None:
    words = run(folder / "w.parquet", "--key", "k14")
    for said in ("(", "bytes)", "a photo of red", "looks like", "its own class is related to"):
        assert said in words
    assert "Its own class, blue: cosine" in words
    assert "Nearest of blue" in words
    assert len(re.findall("^-?[0-9.]+ +blue ", words, re.MULTILINE)) == 8
    found = json.loads(run(folder / "w.parquet", "--key", "k14", "--json"))
    assert found["columns"]["image"] is None
    assert found["columns"]["key"] == found["sample"]["key"] == "k14"
    around = found["around"]
    assert around["look"][0]["label"] == "red"
    assert len(around["neighbours"]) == 8
    assert around["graph"][0]["label"] == "green"
    lost = run(folder / "w.parquet", "--key", f"k{NO_LABEL}")
    assert "are not known" in lost
    assert (
        json.loads(run(folder / "w.parquet", "--key", f"k{NO_LABEL}", "--json"))["around"] is None
    )


def test_one_sample_in_a_terminal_has_its_picture_beside_it(folder: Path) -> None:
    for width, height in ((80, 24), (200, 60)):
        text = shown(folder / "w.parquet", width, height, key="k14")
        lines = Text.from_ansi(text).plain.splitlines()
        assert max(map(len, lines)) <= width
        assert lines[0].count("▀") == min(48, width // 2, 2 * (height - 4))
        assert "k14" in lines[0]


def test_images_with_several_labels(folder: Path) -> None:
    words = run(folder / "l.parquet")
    assert "with 102 labels" in words
    assert "labels that look missing" in words
    assert "labels, those of lowest quality" in words
    words = run(folder / "l.parquet", "--key", "k10", "--class", "red")
    assert "Its own class, red" in words
    assert json.loads(run(folder / "l.parquet", "--json"))["summary"]["lists"] is True


def test_pictures_come_from_bytes_paths_and_tars_and_may_be_gone(
    folder: Path, tmp_path: Path
) -> None:
    table = pl.read_parquet(folder / "w.parquet").drop("image")
    red, count = tmp_path / "red.png", len(table)
    red.write_bytes(png((255, 0, 0)))
    paths = tmp_path / "paths.parquet"
    table.with_columns(image=pl.lit("red.png")).write_parquet(paths)
    assert RED in shown(paths)
    table.with_columns(image=pl.lit("gone.png")).write_parquet(paths)
    text = shown(paths, limit=12)
    assert text.count("(missing)") == 12
    assert RED not in text
    with tarfile.open(tmp_path / "0.tar", "w") as tar:
        tar.add(red, "red.png")
    with tarfile.open(tmp_path / "0.tar") as tar:
        member = tar.getmember("red.png")
    pieces = {"tar": "0.tar", "offset": member.offset_data, "length": member.size}
    columns = {name: pl.Series([value] * count) for name, value in pieces.items()}
    table.with_columns(image=pl.lit("red.png"), **columns).write_parquet(paths)
    assert RED in shown(paths)
    table.write_parquet(paths)
    assert "12 of 88" in shown(paths, limit=12)
    assert "(missing)" not in shown(paths)


def test_refined_labels_stand_beside_the_suggestions(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "w.parquet"
    table = pl.read_parquet(folder / "w.parquet")
    table.with_columns(refined_label=pl.lit("mauve")).write_parquet(path)
    words = run(path)
    assert re.search(r"given +fits +refined +quality", words)
    assert "labels that were refined  89" in words
    assert "⇒ mauve" in shown(path)


def test_without_the_run_there_is_no_estimate(folder: Path, tmp_path: Path) -> None:
    pl.read_parquet(folder / "w.parquet").write_parquet(tmp_path / "w.parquet")
    words = run(tmp_path / "w.parquet")
    assert "how many is not known without the run's folder" in words
    assert "→ suggested" in words
    assert "are not known" in run(tmp_path / "w.parquet", "--key", "k14")
    named = ("--run-dir", folder / "crawl.parquet.curate")
    assert "not known" not in run(tmp_path / "w.parquet", *named)
    assert "Nearest of blue" in run(tmp_path / "w.parquet", "--key", "k14", *named)
    pl.read_parquet(folder / "w.parquet").head(80).write_parquet(tmp_path / "w.parquet")
    assert "how many is not known" in run(tmp_path / "w.parquet", *named)


def test_names_of_wordnet_ids_are_shown(folder: Path, tmp_path: Path) -> None:
    names = tmp_path / "w.parquet.curate"
    names.mkdir()
    (names / "curate.txt").write_text("")
    (names / "classes.csv").write_text('label,name\nred,"crimson, scarlet"\nblue,Blue\n')
    pl.read_parquet(folder / "w.parquet").write_parquet(tmp_path / "w.weighted.parquet")
    words = run(tmp_path / "w.weighted.parquet", "--run-dir", names)
    assert "red crimson" in words
    assert "scarlet" not in words
    assert "Blue" not in words


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    table = {
        "key": [f"{row}{HOSTILE[row % 4]}" for row in range(ROWS)],
        "image": [png((255, 0, 0)) if row % 3 else b"none" for row in range(ROWS)],
        "label": [HOSTILE[row % 3] for row in range(ROWS)],
        "caption": [HOSTILE[row % 4] for row in range(ROWS)],
        "\x1b[31m[bold]x": [HOSTILE[row % 4] for row in range(ROWS)],
    }
    pl.DataFrame(table).write_parquet(folder / "crawl.parquet")
    options = WeightOptions(
        folder / "crawl.parquet", embeddings=draw_features(folder), graph="none"
    )
    weigh(options, Console(quiet=True))
    return options.output


def test_words_of_the_web_do_nothing(hostile: Path) -> None:
    key = f"5{HOSTILE[1]}"
    piped = [run(hostile), run(hostile, "--key", key), run(hostile, "--class", HOSTILE[2])]
    coloured = [
        shown(hostile, limit=60),
        shown(hostile, key=key),
        shown(hostile, given=HOSTILE[2]),
    ]
    assert "(not_image)" in coloured[0]
    for text in coloured:
        for forbidden in ("\x1b[2J", "\x1b]", "\x1b\\", "\x07", "\x9b", "\x00", "\t"):
            assert forbidden not in text
    for text in [*piped, *(Text.from_ansi(text).plain for text in coloured)]:
        odd = {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs")} - {"\n"}
        assert not odd
        assert "[red]markup[/]" in text or "�[31mred" in text
    assert run(hostile, "--json").isascii()
    assert run(hostile, "--json", "--key", key).isascii()


def test_what_cannot_be_shown_is_said(folder: Path, tmp_path: Path) -> None:
    pl.DataFrame({"key": ["a"], "label": ["x"]}).write_parquet(tmp_path / "raw.parquet")
    said = refused(tmp_path / "raw.parquet")
    assert "has no column 'label_quality'; give what `curate weight` wrote (with" in said
    pl.DataFrame().write_parquet(tmp_path / "raw.weighted.parquet")
    said = refused(tmp_path / "raw.parquet")
    assert "wrote, " in said and "raw.weighted.parquet (with" in said
    (tmp_path / "raw").mkdir()
    said = refused(tmp_path / "raw")
    assert "is a folder; give the file that `curate weight` wrote, " in said
    assert "raw.weighted.parquet." in said
    path = folder / "w.parquet"
    assert "did you mean 'red'" in refused(path, "--class", "rde")
    assert "no row with the key 'k999'" in refused(path, "--key", "k999")
    assert "--pictures ascii: it must be one of" in refused(path, "--pictures", "ascii")
    assert "--sort beauty: it must be one of quality" in refused(path, "--sort", "beauty")
    few = tmp_path / "few.parquet"
    pl.read_parquet(path).drop("distance").write_parquet(few)
    assert "has no column 'distance', which --sort distance needs" in refused(
        few, "--sort", "distance"
    )


def test_where_nothing_was_judged_there_is_still_a_summary(folder: Path, tmp_path: Path) -> None:
    nothing = pl.lit(None, pl.Float32).alias("label_quality")
    pl.read_parquet(folder / "w.parquet").with_columns(nothing).write_parquet(
        tmp_path / "n.parquet"
    )
    words = run(tmp_path / "n.parquet")
    assert "90 in 3 classes" in words
    assert "No samples are shown, as none is judged." in words
