"""The page as a file: what it asks and allows, and when it is not written."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app
from curate.commands.verify import run_verify
from curate.errors import CurateError
from curate.options.verify import VerifyOptions
from curate.verify.answered import Answered
from curate.verify.answers import open_answers
from curate.verify.asked_sample import Sample
from curate.verify.page import make
from tests.hostile_crawl import LABELS

POLICY = (
    r"default-src 'none'; img-src data:; style-src 'sha256-\S+'; script-src 'sha256-\S+';"
    r" base-uri 'none'; form-action 'none'"
)


def test_nothing_may_be_loaded_and_texts_are_never_markup(random_page: Path) -> None:
    text = random_page.read_text("utf-8")
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    assert re.fullmatch(POLICY, policy.replace("&#39;", "'"))
    assert not re.search(r'\s(src|href|style|on\w+)="', text.split("<script", 1)[0])
    for hostile in ("<script>alert", "<img src=x", "<b onclick", LABELS[1]):
        assert hostile not in text


def test_the_same_command_writes_the_same_questions_and_another_seed_others(
    weighed: Path, tmp_path: Path
) -> None:
    found = []
    for at, seed in enumerate((0, 0, 1)):
        page = tmp_path / f"{at}.html"
        run_verify(VerifyOptions([weighed], html=page, strategy="random", limit=9, seed=seed))
        (identity,) = re.findall(r'"id":"(\w{16})"', page.read_text("utf-8"))
        found.append(identity)
    assert found[0] == found[1] != found[2]


def test_only_a_sample_of_all_rows_is_said_to_tell_the_share(
    write_weighted: Callable[..., Path], tmp_path: Path
) -> None:
    path = write_weighted()
    for at, (given, tells) in enumerate(((None, True), ("ant", False))):
        page = tmp_path / f"{at}.html"
        run_verify(VerifyOptions([path], html=page, strategy="random", given=given))
        text = page.read_text("utf-8")
        assert (make.TELLS in text) == tells
        assert ('"strategy":"random"' in text) == tells


def test_good_examples_are_of_the_classes_that_are_named_and_not_flagged(
    write_weighted: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make, "MOST_EXAMPLES", 4)
    page = tmp_path / "p.html"
    run_verify(VerifyOptions([write_weighted()], html=page, limit=1))
    (examples,) = re.findall(r'"examples":(\[.*?\]\]\])', page.read_text("utf-8"))
    assert examples == "[[0,[2,0]],[1,[3,1]]]"


def test_what_cannot_be_written_is_said(
    write_weighted: Callable[..., Path], tmp_path: Path
) -> None:
    path, page, other = write_weighted(4), tmp_path / "p.html", tmp_path / "a.csv"
    other.write_text("name\nann\n")
    for options, said in (
        ({"html": tmp_path / "p.png"}, "the page is HTML; end its name in .html"),
        ({"html": page, "out": other}, "has columns name and no key"),
        ({"html": page, "merge": True}, "--merge is about answers"),
        ({"html": page, "each_label": True}, "leave it out"),
    ):
        with pytest.raises(CurateError, match=re.escape(said)):
            run_verify(VerifyOptions([path], **options))  # type: ignore[arg-type]
    assert not page.exists()
    page.write_text("another page")
    done = CliRunner().invoke(app, ["verify", str(path), "--html", str(page)])
    assert done.exit_code == 2
    assert "exists; replace it with --overwrite" in done.stderr
    done = CliRunner().invoke(app, ["verify", str(path), "--html", str(page), "--overwrite"])
    assert done.exit_code == 0
    assert done.stdout.startswith(f"Written: {page} (0.0 MB), 4 questions")


def keys_on(page: Path) -> set[str]:
    return set(re.findall(r'"key":"([^"]*)"', page.read_text("utf-8")))


@pytest.mark.parametrize("by_name", [False, True])
def test_what_is_answered_is_not_asked_again(
    write_weighted: Callable[..., Path], tmp_path: Path, by_name: bool
) -> None:
    path, whole, rest = write_weighted(4), tmp_path / "whole.html", tmp_path / "rest.html"
    run_verify(VerifyOptions([path], html=whole))
    asked = sorted(keys_on(whole))
    out = ["--out", str(tmp_path / "mine.parquet")] if by_name else []
    answers = Path(out[1]) if by_name else VerifyOptions([path]).output
    with open_answers(answers, "ann", lists=False) as file:
        file.add(asked[0], None, "ant", "random")
        file.skip(asked[1])
    command = ["verify", str(path), "--html", str(rest), "--strategy", "random", *out]
    done = CliRunner().invoke(app, command, env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    assert keys_on(rest) == set(asked[1:])
    text = rest.read_text("utf-8")
    assert (make.TELLS in text, make.TELLS_WITH_OTHERS in text) == (False, True)
    assert "3 questions" in done.stdout
    assert f"Left out: 1 that {answers} answers already" in done.stdout
    before = rest.read_bytes()
    with open_answers(answers, "ann", lists=False) as file:
        for key in asked[1:]:
            file.add(key, None, "ant", "random")
    done = CliRunner().invoke(app, [*command, "--overwrite"], env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert f"{answers} answers all 4 questions of this page" in done.stderr
    assert rest.read_bytes() == before


def test_any_verified_file_tells_what_is_answered(
    write_weighted: Callable[..., Path], tmp_path: Path
) -> None:
    path, page = write_weighted(4), tmp_path / "page.html"
    run_verify(VerifyOptions([path], html=page))
    asked = sorted(keys_on(page))
    for name, text in (
        ("saved.jsonl", f'{{"key": "{asked[0]}", "label": null}}\n'),
        ("mine.csv", f"key,label\n{asked[0]},ant\nelsewhere,bee\n"),
    ):
        (tmp_path / name).write_text(text)
        run_verify(VerifyOptions([path], html=page, out=tmp_path / name, overwrite=True))
        assert keys_on(page) == set(asked[1:])
    (tmp_path / "pairs.csv").write_text(f"key,label,correct\n{asked[0]},ant,true\n")
    run_verify(VerifyOptions([path], html=page, out=tmp_path / "pairs.csv", overwrite=True))
    assert keys_on(page) == set(asked)


def test_single_labels_that_are_answered_are_not_asked_again() -> None:
    sample = Sample(0, "k", ("ant",), (0.5,), (), None, None, alone=True, is_single=False)
    other = replace(sample, given=("bee",))
    pairs = Answered(pairs=frozenset({("k", "ant")}))
    assert sample in pairs
    assert other not in pairs
    assert other in Answered(frozenset({"k"}))
