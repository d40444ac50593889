"""People answer the page in a real browser; curate reads what they save."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from playwright.sync_api import Page, expect

from curate.commands.verify import run_verify
from curate.manifest.how_drawn import how_drawn
from curate.options.verify import VerifyOptions
from tests.browsers import PHONE
from tests.crawls import curate

Opens = Callable[..., Page]
Row = dict[str, Any]
NO_STORAGE = "Object.defineProperty(window, 'localStorage', {get() { throw new Error('off') }})"


def start(tab: Page, name: str) -> Page:
    tab.locator("#name").fill(name)
    tab.keyboard.press("Enter")
    expect(tab.locator("#ask")).to_be_visible()
    return tab


def saved(tab: Page, path: Path) -> list[Row]:
    with tab.expect_download() as download:
        tab.locator("#save").click()
    download.value.save_as(path)
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def data_of(tab: Page) -> Row:
    found: Row = json.loads(tab.locator("#data").inner_text())
    return found


def press(tab: Page, *keys: str) -> None:
    for key in keys:
        tab.keyboard.press(key)


def test_a_hundred_answers_survive_a_reload_and_are_saved_as_given(
    random_page: Path, opens: Opens, tmp_path: Path
) -> None:
    tab = start(opens(random_page), "anna")
    press(tab, *(["Enter", "1", "d", "s", "k"] * 10))
    expect(tab.locator("#counts")).to_have_text("50 of 125")
    tab.reload()
    expect(tab.locator("#counts")).to_have_text("50 of 125")
    press(tab, "u", "Backspace", "ArrowLeft")
    expect(tab.locator("#counts")).to_have_text("47 of 125")
    expect(tab.locator("#last")).to_have_text("undone")
    press(tab, "x", "ArrowRight", " ")
    press(tab, *(["Enter", "1", "d", "s", "k"] * 15))
    rows = saved(tab, tmp_path / "anna.jsonl")
    expect(tab.locator("#last")).to_contain_text("Saved: 100 answers")
    data = data_of(tab)
    expected = []
    for question, key in zip(data["questions"], ["Enter", "1", "d", "s", "k"] * 25, strict=False):
        given = question["given"][0]
        said = {"Enter": given, "k": given, "1": question["options"][0][0], "d": None}
        if key != "s":
            label = data["classes"][said[key]][0] if said[key] is not None else None
            expected.append((question["key"], label, data["classes"][given][0]))
    assert [(row["key"], row["label"], row["given_label"]) for row in rows] == expected[:100]
    assert {(row["strategy"], row["by"]) for row in rows} == {("random", "anna")}
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)


def test_two_people_are_merged_and_what_they_agree_on_is_learned_from(
    weighed: Path, random_page: Path, opens: Opens, tmp_path: Path
) -> None:
    anna, bert = (start(opens(random_page), name) for name in ("anna", "bert"))
    press(anna, *["Enter"] * 100)
    press(bert, *["Enter"] * 60, *["d"] * 5, "s")
    files = [tmp_path / "anna.jsonl", tmp_path / "bert.jsonl"]
    first, _ = saved(anna, files[0]), saved(bert, files[1])
    merged = tmp_path / "merged.parquet"
    done = curate("verify", "--merge", *files, "--out", merged)
    assert done.exit_code == 0, done.output
    assert "in more than one file: 65; they agree on 60 (92%)" in done.output
    table = pl.read_parquet(merged)
    assert len(table) == 95
    assert table["key"].to_list() == [
        row["key"] for at, row in enumerate(first) if not 60 <= at < 65
    ]
    assert table["by"].value_counts().sort("by").rows() == [("anna", 35), ("anna, bert", 60)]
    assert set(how_drawn(table)) == {"random"}
    for verified in (merged, files[0]):
        rows = "95" if verified == merged else "100"
        seen = curate("inspect", weighed, "--verified", verified, "--limit", 1)
        assert seen.exit_code == 0, seen.output
        assert f"by {rows} rows verified at random" in " ".join(seen.output.split())
    out = tmp_path / "refined.parquet"
    done = curate("refine", weighed, "--verified", files[0], "--out", out, "--head", "stack")
    assert done.exit_code == 0, done.output
    assert "refined_label" in pl.read_parquet_schema(out)


def test_without_storage_the_page_says_so_and_a_saved_file_goes_on(
    random_page: Path, opens: Opens, tmp_path: Path
) -> None:
    tab = opens(random_page, script=NO_STORAGE)
    expect(tab.locator("#notice")).to_contain_text("This browser keeps nothing for this page")
    start(tab, "anna")
    expect(tab.locator("#notice")).to_be_visible()
    press(tab, "Enter", "s", "1", "d")
    rows = saved(tab, tmp_path / "anna.jsonl")
    tab.reload()
    expect(tab.locator("#start")).to_be_visible()
    lines = [json.dumps(row) for row in (*rows, {"key": "elsewhere", "label": "crane"})]
    (tmp_path / "more.jsonl").write_text("\n".join([*lines, "no JSON"]))
    tab.locator("#open").set_input_files(tmp_path / "more.jsonl")
    expect(tab.locator("#counts")).to_have_text("3 of 125")
    expect(tab.locator("#notice")).to_contain_text("2 of its lines are no answers to this page")
    expect(tab.locator("#who")).to_have_text("anna")
    assert saved(tab, tmp_path / "again.jsonl") == rows
    (tmp_path / "other.jsonl").write_text(lines[-1])
    tab.locator("#who").click()
    tab.locator("#open").set_input_files(tmp_path / "other.jsonl")
    expect(tab.locator("#notice")).to_contain_text("holds no answers to this page")


def test_each_person_and_each_page_has_its_own_answers(
    weighed: Path, random_page: Path, opens: Opens, tmp_path: Path
) -> None:
    tab = start(opens(random_page), "anna")
    press(tab, "Enter", "Enter")
    tab.locator("#who").click()
    start(tab, "bert")
    expect(tab.locator("#counts")).to_have_text("0 of 125")
    press(tab, "d")
    tab.locator("#who").click()
    tab.locator("#people button", has_text="anna").click()
    expect(tab.locator("#counts")).to_have_text("2 of 125")
    beside = opens(random_page, beside=tab)
    expect(beside.locator("#who")).to_have_text("anna")
    press(beside, "Enter")
    expect(tab.locator("#counts")).to_have_text("3 of 125")
    run_verify(VerifyOptions([weighed], html=tmp_path / "suspect.html", limit=5, by="carl"))
    other = opens(tmp_path / "suspect.html", beside=tab)
    expect(other.locator("#name")).to_have_value("carl")
    expect(other.locator("#people button")).to_have_count(0)


def test_skipped_ones_come_again_and_the_end_says_what_was_answered(
    weighed: Path, opens: Opens, tmp_path: Path
) -> None:
    run_verify(VerifyOptions([weighed], html=tmp_path / "p.html", limit=4))
    tab = start(opens(tmp_path / "p.html"), "anna")
    press(tab, "Enter", "s", "d", "q")
    expect(tab.locator("#end h1")).to_have_text("1 of 4 are left")
    tab.locator("#on").click()
    press(tab, "Enter")
    expect(tab.locator("#end h1")).to_have_text("Done, but for 1 skipped")
    tab.locator("#again").click()
    press(tab, "Enter")
    expect(tab.locator("#end h1")).to_have_text("All are answered")
    assert len(saved(tab, tmp_path / "anna.jsonl")) == 4


def test_a_class_of_ten_thousand_is_chosen_by_typing(
    write_weighted: Callable[..., Path], opens: Opens, tmp_path: Path
) -> None:
    labels = [f"Klasse Nr {row}" for row in range(9_998)] + ["crème brûlée", "__proto__"]
    path = write_weighted(10_000, label=labels, suggested_label=labels[1:] + labels[:1])
    page = tmp_path / "many.html"
    run_verify(VerifyOptions([path], html=page, limit=20))
    assert page.stat().st_size < 2_000_000
    tab = start(opens(page), "anna")
    for typed in ("brulee", "__PROTO", "klasse nr 5000"):
        press(tab, "/")
        tab.keyboard.type(typed)
        press(tab, "Enter")
    press(tab, "l")
    tab.keyboard.type("9")
    expect(tab.locator("#found li").last).to_contain_text("more")
    press(tab, "ArrowDown", "Enter", "/")
    tab.keyboard.type("nothing like it")
    expect(tab.locator("#found")).to_have_text("No class has these letters.")
    press(tab, "Enter", "Escape")
    expect(tab.locator("#question")).to_be_visible()
    said = [row["label"] for row in saved(tab, tmp_path / "anna.jsonl")]
    assert said[:3] == ["crème brûlée", "__proto__", "Klasse Nr 5000"]
    assert len(said) == 4


@pytest.fixture
def lists(write_weighted: Callable[..., Path]) -> Path:
    return write_weighted(
        12,
        label=[*[["ant", "bee"]] * 11, ["dog", "bee"]],
        label_quality=[[0.2, 0.9]] * 12,
        suggested_label=[["cat"]] * 12,
        suggested_quality=[[0.7]] * 12,
        is_label_issue=[[True, False]] * 12,
    )


def test_lists_of_labels_are_marked_and_saved_whole(
    lists: Path, opens: Opens, tmp_path: Path
) -> None:
    run_verify(VerifyOptions([lists], html=tmp_path / "l.html"))
    tab = start(opens(tmp_path / "l.html"), "anna")
    press(tab, "Enter", "1", "3", "Enter", "d", "/")
    tab.keyboard.type("dog")
    press(tab, "Enter")
    expect(tab.locator(".answer[aria-pressed=true]")).to_have_count(3)
    press(tab, "Enter", "9")
    files = [tmp_path / "anna.jsonl", tmp_path / "bert.jsonl"]
    rows = saved(tab, files[0])
    assert [row["label"] for row in rows] == [
        ["ant", "bee"],
        ["bee", "cat"],
        [],
        ["ant", "bee", "dog"],
    ]
    assert rows[0]["given_label"] == ["ant", "bee"]
    saved(press_all(start(opens(tmp_path / "l.html"), "bert"), "Enter", "Enter"), files[1])
    done = curate("verify", "--merge", *files, "--out", tmp_path / "m.parquet")
    assert "in more than one file: 2; they agree on 1 (50%)" in done.output


def press_all(tab: Page, *keys: str) -> Page:
    press(tab, *keys)
    return tab


def test_of_each_label_yes_or_no_is_saved(lists: Path, opens: Opens, tmp_path: Path) -> None:
    run_verify(VerifyOptions([lists], html=tmp_path / "e.html", each_label=True, limit=2))
    tab = start(opens(tmp_path / "e.html"), "anna")
    expect(tab.locator("#counts")).to_have_text("0 of 6")
    press(tab, "y", "n", "/", "1", "d", "Enter")
    files = [tmp_path / "anna.jsonl", tmp_path / "bert.jsonl"]
    rows = saved(tab, files[0])
    assert [(row["key"], row["label"], row["correct"]) for row in rows] == [
        ("k00", "ant", True), ("k00", "bee", False), ("k00", "cat", False), ("k01", "ant", True),
    ]  # fmt: skip
    saved(press_all(start(opens(tmp_path / "e.html"), "bert"), "y", "y"), files[1])
    done = curate("verify", "--merge", *files, "--out", tmp_path / "m.parquet")
    assert "in more than one file: 2; they agree on 1 (50%)" in done.output
    tab.locator("#who").click()
    tab.locator("#open").set_input_files(files[1])
    expect(tab.locator("#counts")).to_have_text("2 of 6")


def test_every_answer_has_a_button_and_clicks_leave_the_keys_alone(
    random_page: Path, opens: Opens, tmp_path: Path
) -> None:
    tab = start(opens(random_page), "anna")
    tab.locator(".answer.keep").click()
    tab.locator("#skip").click()
    tab.locator("#undo").click()
    press(tab, "Enter")
    expect(tab.locator("#tally")).to_contain_text("2 kept")
    tab.locator(".answer", has_text="none of the classes").click()
    tab.locator(".answer").nth(1).focus()
    press(tab, "Enter")
    tab.locator(".answer", has_text="another class").click()
    tab.locator("#found li").first.click()
    expect(tab.locator("#counts")).to_have_text("5 of 125")
    rows = saved(tab, tmp_path / "a.jsonl")
    assert [row["label"] == row["given_label"] for row in rows] == [True, True, False, False, False]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_in_light_and_dark(random_page: Path, opens: Opens, scheme: str) -> None:
    tab = opens(random_page, viewport=PHONE, color_scheme=scheme, has_touch=True, is_mobile=True)
    start(tab, "anna")
    tab.locator(".answer.keep").tap()
    expect(tab.locator("#counts")).to_have_text("1 of 125")
    for act in ("#ask .answer.apart", "#search p button"):
        assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        tab.locator(act).tap()
    paper = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (int(paper.removeprefix("rgb(").split(",")[0]) > 128) == (scheme == "light")
