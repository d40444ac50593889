from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from cli import app
from curate.commands.verify import merge_answers
from curate.errors import CurateError
from curate.verify.answers import open_answers
from curate.verify.merge import merge
from curate.verify.pair_answers import PairAnswers, pair_name


def said(path: Path, by: str, **labels: str | list[str] | None) -> Path:
    lists = any(isinstance(label, list) for label in labels.values())
    with open_answers(path, by, lists) as answers:
        for key, label in labels.items():
            answers.add(key, label, ["ant"] if lists else "ant", "random")
    return path


def test_what_all_say_is_kept_and_what_they_do_not_is_listed(tmp_path: Path) -> None:
    anna = said(tmp_path / "anna.parquet", "anna", a="ant", b="bee", c=None, d="dog", e=None)
    bert = said(tmp_path / "bert.parquet", "bert", a="ant", b="cat", c=None, d=None, f="bee")
    out = tmp_path / "merged.parquet"
    arguments = ["verify", "--merge", str(anna), str(bert), "--out", str(out)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "samples with answers in more than one file: 4; they agree on 2 (50%)" in result.output
    lines = [line.split() for line in result.output.splitlines()]
    assert ["b", "bee", "cat"] in lines
    assert ["d", "dog", "none", "of", "the", "classes"] in lines
    merged = pl.read_parquet(out)
    assert dict(merged.select("key", "label").iter_rows()) == {
        "a": "ant", "c": None, "e": None, "f": "bee",
    }  # fmt: skip
    assert dict(merged.select("key", "by").iter_rows()) == {
        "a": "anna, bert", "c": "anna, bert", "e": "anna", "f": "bert",
    }  # fmt: skip
    with open_answers(out, "carl", lists=False) as answers:
        assert "b" not in answers
        assert "a" in answers
    again = CliRunner().invoke(app, arguments)
    assert again.exit_code == 2
    assert "exists; name another file for what is merged" in again.stderr


def test_the_order_of_the_files_changes_no_label(tmp_path: Path) -> None:
    files = [
        said(tmp_path / "a.parquet", "a", x="ant", y="bee", z="cat"),
        said(tmp_path / "b.parquet", "b", x="ant", y="bee", z="dog"),
        said(tmp_path / "c.parquet", "c", x="ant", y="cat"),
    ]
    for order in (files, files[::-1]):
        merged = merge(order)
        assert merged.agreed["key"].to_list() == ["x"]
        assert sorted(merged.disagreed["key"]) == ["y", "z"]
        assert merged.shared == 3


def test_lists_agree_where_they_hold_the_same_labels(tmp_path: Path) -> None:
    anna = said(tmp_path / "anna.parquet", "anna", a=["ant", "bee"], b=["ant"], c=[])
    bert = said(tmp_path / "bert.parquet", "bert", a=["bee", "ant"], b=["ant", "cat"], c=[])
    merged = merge([anna, bert])
    assert sorted(merged.agreed["key"]) == ["a", "c"]
    assert merged.disagreed.to_dicts() == [{"key": "b", "file 1": "ant", "file 2": "ant, cat"}]


def test_answers_to_single_labels_are_merged_label_by_label(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    anna, bert, out = (tmp_path / f"{name}.parquet" for name in ("anna", "bert", "merged"))
    with open_answers(anna, "anna", True, PairAnswers) as answers:
        for label, said in (("ant", "ant"), ("bee", None), ("cat", "cat")):
            answers.add(pair_name("a", label), said, label, "random")
    with open_answers(bert, "bert", True, PairAnswers) as answers:
        for key, label, said in (("a", "ant", "ant"), ("a", "cat", None), ("b", "ant", None)):
            answers.add(pair_name(key, label), said, label, "random")
    merge_answers([anna, bert], out)
    printed = capsys.readouterr().out
    assert "samples with answers in more than one file: 2; they agree on 1 (50%)" in printed
    assert ["a", "cat", "yes", "no"] in [line.split() for line in printed.splitlines()]
    assert "--each-label" in printed
    merged = pl.read_parquet(out).select("key", "label", "correct", "by")
    assert sorted(merged.rows()) == [
        ("a", "ant", True, "anna, bert"), ("a", "bee", False, "anna"), ("b", "ant", False, "bert"),
    ]  # fmt: skip
    with open_answers(out, "carl", True, PairAnswers) as answers:
        assert pair_name("a", "cat") not in answers
    (tmp_path / "c.csv").write_text("key,label,correct\na,cat,true\na,dog,maybe\n")
    with pytest.raises(
        CurateError, match=r"--merge .*c.csv: column 'correct' has 'maybe' in row 2"
    ):
        merge([anna, tmp_path / "c.csv"])


def test_any_table_of_keys_and_labels_can_be_merged(tmp_path: Path) -> None:
    anna = said(tmp_path / "anna.parquet", "anna", a="ant", b=None)
    (tmp_path / "bert.csv").write_text("key,label\na,ant\nb,\nc,\x1b[2Jbee\n")
    merged = merge([anna, tmp_path / "bert.csv"])
    assert dict(merged.agreed.select("key", "label").iter_rows()) == {
        "a": "ant", "b": None, "c": "\x1b[2Jbee",
    }  # fmt: skip


def test_times_in_text_files_are_times(tmp_path: Path) -> None:
    anna = said(tmp_path / "anna.parquet", "anna", a="ant")
    (tmp_path / "bert.jsonl").write_text(
        '{"key":"b","label":null,"time":"2020-11-28T09:30:00.125Z","strategy":"random","by":"b"}\n'
    )
    agreed = merge([anna, tmp_path / "bert.jsonl"]).agreed
    assert agreed.schema["time"] == pl.Datetime("ms", "UTC")
    assert agreed["key"].to_list() == ["b", "a"]
    (tmp_path / "carl.csv").write_text("key,label,time\nc,ant,yesterday\n")
    with pytest.raises(CurateError, match="column 'time' holds no times such as"):
        merge([anna, tmp_path / "carl.csv"])


def test_hostile_words_are_shown_as_they_stand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    anna = said(tmp_path / "anna.parquet", "anna", **{"[red]k[/]\x1b]52;c;aGk=\x07": "ant"})
    bert = said(tmp_path / "bert.parquet", "bert", **{"[red]k[/]\x1b]52;c;aGk=\x07": "[b]x[/b]"})
    merge_answers([anna, bert], tmp_path / "merged.parquet")
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "[red]k[/]�]52;c;aGk=�" in shown
    assert "[b]x[/b]" in shown


def test_what_cannot_be_merged_is_said(tmp_path: Path) -> None:
    single = said(tmp_path / "single.parquet", "anna", a="ant")
    several = said(tmp_path / "several.parquet", "anna", a=["ant"])
    with pytest.raises(CurateError, match="hold lists of labels and single labels; merge"):
        merge([single, several])
    with open_answers(tmp_path / "pairs.parquet", "anna", True, PairAnswers) as answers:
        answers.add(pair_name("a", "ant"), "ant", "ant", "random")
    with pytest.raises(CurateError, match="hold answers to single labels and lists of labels"):
        merge([several, tmp_path / "pairs.parquet"])
    with pytest.raises(CurateError, match="needs two files or more"):
        merge([single])
    pl.DataFrame({"key": ["a"]}).write_parquet(tmp_path / "other.parquet")
    with pytest.raises(CurateError, match=r"other\.parquet is not a file of answers"):
        merge([single, tmp_path / "other.parquet"])
    result = CliRunner().invoke(app, ["verify", "--merge", str(single), str(single)])
    assert result.exit_code == 2
    assert "--merge needs --out" in result.stderr
    result = CliRunner().invoke(app, ["verify", str(single), str(single)])
    assert result.exit_code == 2
    assert "add --merge" in result.stderr
