import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from PIL import Image
from textual.pilot import Pilot
from textual.widgets import OptionList, Static
from typer.testing import CliRunner

from cli import app as command
from curate.errors import CurateError
from curate.verify.ahead import Look
from curate.verify.app import VerifyApp
from curate.verify.queue import QueueOptions

Sitting = Callable[..., Any]
Write = Callable[..., Path]
SIZE = (80, 24)


def use(
    app: VerifyApp,
    keys: Callable[[Pilot[None]], Awaitable[None]],
    size: tuple[int, int] = SIZE,
) -> None:
    """Run the screen without a terminal while ``keys`` presses keys."""

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await seen(pilot)
            await keys(pilot)

    asyncio.run(run())


async def seen(pilot: Pilot[None]) -> None:
    """Wait until the sample can be seen."""
    app = pilot.app
    assert isinstance(app, VerifyApp)
    until = time.monotonic() + 20
    while app.session.current is not None and app.look is None and time.monotonic() < until:
        await pilot.pause(0.01)


def typing(*keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    async def press(pilot: Pilot[None]) -> None:
        for key in keys:
            await pilot.press(key)
            await seen(pilot)

    return press


async def shown(pilot: Pilot[None]) -> str:
    """Give all that is written on the screen."""
    await pilot.pause()
    return "\n".join(line.text for line in pilot.app.screen._compositor.render_strips())


def labels(path: Path) -> dict[str, Any]:
    return dict(pl.read_parquet(path).select("key", "label").iter_rows())


def test_twenty_samples_with_the_keyboard(
    tmp_path: Path, write_weighted: Write, sitting: Sitting
) -> None:
    out = tmp_path / "verified.parquet"
    keys = ["enter", "1", "d", "s", "k"] * 4
    with sitting(write_weighted(40), QueueOptions(limit=20)) as app:
        use(app, typing(*keys))
        tally = app.session.tally
        assert (tally.kept, tally.changed, tally.none, tally.skipped) == (8, 4, 4, 4)
        assert app.session.current is None
    table = pl.read_parquet(out)
    assert len(table) == 16
    expected = {}
    for number, key in enumerate(keys):
        given, other = "abcd"[number % 4], "abcd"[(number + 1) % 4]
        expected[f"k{number:02d}"] = {"enter": given, "k": given, "1": other, "d": None}.get(key)
        if key == "s":
            del expected[f"k{number:02d}"]
    assert {key: label and label[0] for key, label in labels(out).items()} == expected
    assert set(table["by"]) == {"anna"}


def test_the_screen_says_what_is_asked_what_is_left_and_which_keys_there_are(
    write_weighted: Write, sitting: Sitting
) -> None:
    async def look(pilot: Pilot[None]) -> None:
        words = await shown(pilot)
        for word in (
            "0 of 20, 20 left", "⏎ ant", "0.01", "1 bee", "another class", "none of the classes",
            "“picture 0”", "key k00", "suspect", "⏎ keep", "1-5 instead", "s skip", "u undo",
            "q quit", "0 kept",
        ):  # fmt: skip
            assert word in words, word
        assert "▀▀▀▀" in words
        await typing("enter", "s")(pilot)
        words = await shown(pilot)
        assert "2 of 20, 18 left" in words
        assert "a minute" in words
        assert "1 kept" in words
        assert "1 skipped" in words

    def load(row: int) -> Look:
        return Look(Image.new("RGB", (64, 32), "red"), {})

    with sitting(write_weighted(40), QueueOptions(limit=20), load=load) as app:
        use(app, look)


def test_undo_asks_again(tmp_path: Path, write_weighted: Write, sitting: Sitting) -> None:
    path = write_weighted(40)
    with sitting(path) as app:
        use(app, typing("enter", "d", "u", "1", "u", "u"))
        assert app.session.current.key == "k00"
    assert labels(tmp_path / "verified.parquet") == {}
    with sitting(path) as app:
        use(app, typing("u", "enter"))
    with sitting(path) as app:
        assert app.session.current.key == "k01"
        use(app, typing("u", "d"))
    assert labels(tmp_path / "verified.parquet") == {"k00": None}


def test_any_class_can_be_searched_suggestions_first(
    tmp_path: Path, write_weighted: Write, sitting: Sitting
) -> None:
    async def search(pilot: Pilot[None]) -> None:
        found = pilot.app.query_one(OptionList)
        await pilot.press("slash")
        assert [option.label for option in found.options] == ["bee", "ant", "cat", "dog"]
        assert "esc back" in await shown(pilot)
        await pilot.press("d", "o")
        assert [option.label for option in found.options] == ["dog"]
        await pilot.press("enter")
        await seen(pilot)
        await pilot.press("slash", "down", "down", "enter")
        await seen(pilot)
        await pilot.press("slash", "q", "x", "enter", "escape")
        await seen(pilot)
        assert pilot.app.session.current.key == "k02"

    with sitting(write_weighted(40)) as app:
        use(app, search)
    assert labels(tmp_path / "verified.parquet") == {"k00": "dog", "k01": "bee"}


def test_several_labels_are_marked_one_by_one(
    tmp_path: Path, write_weighted: Write, sitting: Sitting
) -> None:
    path = write_weighted(
        5,
        label=[["ant", "bee"]] * 4 + [["cat"]],
        label_quality=[[0.9, 0.1]] * 4 + [[0.9]],
        suggested_label=[["cat"]] * 5,
        suggested_quality=[[0.7]] * 5,
        is_label_issue=[[False, True]] * 4 + [[False]],
    )
    with sitting(path, QueueOptions(limit=4)) as app:
        use(app, typing("enter", "2", "3", "enter", "d", "slash", "c", "enter", "1", "2", "enter"))
    assert labels(tmp_path / "verified.parquet") == {
        "k00": ["ant", "bee"],
        "k01": ["ant", "cat"],
        "k02": [],
        "k03": ["cat"],
    }


def test_each_label_of_a_list_is_asked_about_by_itself(
    tmp_path: Path, write_weighted: Write, sitting: Sitting
) -> None:
    path = write_weighted(
        2,
        label=[["ant", "bee"], ["cat"]],
        label_quality=[[0.9, 0.1], [0.9]],
        suggested_label=[["cat"], []],
        suggested_quality=[[0.7], []],
        is_label_issue=[[False, True], [False]],
    )

    async def look(pilot: Pilot[None]) -> None:
        words = await shown(pilot)
        for word in ("0 of 4, 4 left", "Is it", "⏎ ant", "0.90", "d no", "⏎ yes", "0 yes"):
            assert word in words, word
        assert "another" not in words
        await typing("1", "slash", "enter", "s", "n", "u", "y")(pilot)
        assert "cat: yes" in await shown(pilot)

    def load(row: int) -> Look:
        return Look(Image.new("RGB", (8, 8)), {"dog": 0.5})

    with sitting(path, each_label=True, load=load) as app:
        use(app, look)
        assert app.session.current.name == '["k01", "cat"]'
        tally = app.session.tally
        assert (tally.kept, tally.none, tally.skipped) == (2, 0, 1)
    with sitting(path, each_label=True) as app:
        use(app, typing("d", "d"))
        assert app.session.current is None
    said = pl.read_parquet(tmp_path / "verified.parquet").select("key", "label", "correct")
    assert said.rows() == [
        ("k00", "ant", True), ("k00", "cat", True), ("k01", "cat", False), ("k00", "bee", False),
    ]  # fmt: skip


def test_no_answer_is_taken_before_the_picture_can_be_seen(
    tmp_path: Path, write_weighted: Write, sitting: Sitting
) -> None:
    loadable = threading.Event()

    def load(row: int) -> Look:
        loadable.wait(20)
        return Look(Image.new("RGB", (8, 8)), {"dog": 0.5})

    async def hasty(pilot: Pilot[None]) -> None:
        await pilot.press("enter", "1", "d", "slash")
        await pilot.pause()
        assert pilot.app.session.current.key == "k00"
        loadable.set()
        await seen(pilot)
        assert "2 dog" in await shown(pilot)
        await pilot.press("2")

    with sitting(write_weighted(40), load=load) as app:

        async def run() -> None:
            async with app.run_test(size=SIZE) as pilot:
                await hasty(pilot)

        asyncio.run(run())
    assert labels(tmp_path / "verified.parquet") == {"k00": "dog"}


def test_a_missing_picture_is_said_and_can_be_skipped(
    write_weighted: Write, sitting: Sitting
) -> None:
    async def look(pilot: Pilot[None]) -> None:
        assert "no picture: missing" in await shown(pilot)
        assert "--root" in await shown(pilot)
        await pilot.press("s")
        await seen(pilot)
        assert pilot.app.session.current.key == "k01"

    with sitting(write_weighted(40)) as app:
        use(app, look)


def test_hostile_words_are_shown_as_they_stand(
    tmp_path: Path, write_weighted: Write, sitting: Sitting
) -> None:
    evil = "[red]x[/]\x1b]8;;http://e\x07\x1b[2J\u202e<script>"
    path = write_weighted(
        4,
        label=[evil, "bee", "cat", "[/b]"],
        caption=[evil] * 4,
        key=[f"{evil}{n}" for n in "abcd"],
    )

    async def look(pilot: Pilot[None]) -> None:
        for _ in range(2):
            words = await shown(pilot)
            assert "\x1b" not in words
            assert "\u202e" not in words
            assert "[red]x[/]�]8;;" in words
            await pilot.press("slash")
            assert "[/b]" in await shown(pilot)
            await pilot.press("escape", "enter")
            await seen(pilot)
        assert "\x1b" not in await shown(pilot)

    with sitting(path) as app:
        use(app, look)
    assert labels(tmp_path / "verified.parquet")[f"{evil}a"] == evil


def test_the_estimate_of_a_random_sample_is_on_the_screen(
    write_weighted: Write, sitting: Sitting
) -> None:
    async def look(pilot: Pilot[None]) -> None:
        await typing("enter", "d", "s", "enter", "enter")(pilot)
        words = " ".join((await shown(pilot)).split())
        assert (
            "Wrong labels: 25.0% of 4, 0.6% to 80.6% (95% interval of Clopper and Pearson)" in words
        )

    with sitting(write_weighted(40), QueueOptions("random", 20)) as app:
        use(app, look)


def test_an_answer_that_cannot_be_written_ends_it_and_is_not_counted(
    tmp_path: Path, write_weighted: Write, sitting: Sitting, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sitting(write_weighted(40)) as app:

        async def fill(pilot: Pilot[None]) -> None:
            await typing("enter")(pilot)

            def full(*_: object, **__: object) -> None:
                raise OSError(28, "No space left on device")

            monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
            await pilot.press("enter")
            await pilot.pause()

        use(app, fill)
        assert isinstance(app.failure, CurateError)
        assert "the disk is full" in str(app.failure)
        assert app.session.tally.answered == 1
    assert labels(tmp_path / "verified.parquet") == {"k00": "ant"}


def test_the_end_is_said(write_weighted: Write, sitting: Sitting) -> None:
    async def look(pilot: Pilot[None]) -> None:
        await typing("enter", "s")(pilot)
        label = pilot.app.query_one("#label", Static)
        assert "All are answered. Those skipped (1) come again" in str(label.content)
        await typing("enter", "1", "d", "s", "slash")(pilot)
        assert pilot.app.session.tally.answered == 1
        await typing("u", "enter")(pilot)
        assert pilot.app.session.tally.answered == 2

    with sitting(write_weighted(40), QueueOptions(limit=2)) as app:
        use(app, look)


def test_without_a_terminal_it_is_said(tmp_path: Path, write_weighted: Write) -> None:
    result = CliRunner().invoke(command, ["verify", str(write_weighted(4))])
    assert result.exit_code == 2
    assert "there is no terminal here; run it in one" in result.stderr
    assert not (tmp_path / "crawl.verified.parquet").exists()


def test_on_a_low_screen_a_search_shows_what_it_finds(
    write_weighted: Write, sitting: Sitting
) -> None:
    names = [f"class {number}" for number in range(40)]

    async def look(pilot: Pilot[None]) -> None:
        await typing("slash", "c", "l")(pilot)
        words = await shown(pilot)
        assert sum(name in words for name in names) >= 12
        assert "none of the classes" not in words
        assert "key k00" not in words
        await pilot.press("escape")
        words = await shown(pilot)
        assert "none of the classes" in words
        assert "key k00" in words

    def load(row: int) -> Look:
        return Look(Image.new("RGB", (64, 64), "red"), {})

    with sitting(write_weighted(40, label=names), load=load) as app:
        use(app, look)


@pytest.mark.parametrize(("size", "lines"), [((200, 60), 15), ((200, 50), 8), ((120, 60), 0)])
def test_where_there_is_room_good_examples_of_both_classes_are_shown(
    write_weighted: Write, sitting: Sitting, size: tuple[int, int], lines: int
) -> None:
    asked = []

    def examples(label: str) -> list[Image.Image]:
        asked.append(label)
        return [Image.new("RGB", (8, 8), "blue")] * 3

    async def look(pilot: Pilot[None]) -> None:
        for _ in range(200):
            words = await shown(pilot)
            if not lines or "Good examples of bee" in words:
                break
            await pilot.pause(0.02)
        assert ("Good examples of ant" in words) == bool(lines)
        assert asked == (["ant", "bee"] if lines else [])
        for picture in pilot.app.query(".reference"):
            if lines:
                assert picture.region.size == (2 * lines, lines)
                assert picture.region.bottom < size[1]
                assert picture.region.right <= size[0]

    def load(row: int) -> Look:
        return Look(Image.new("RGB", (64, 64), "red"), {})

    with sitting(write_weighted(40), load=load, examples=examples) as app:
        use(app, look, size)
