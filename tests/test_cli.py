"""What a script, a shell and a hurried person ask of the command line."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.main import get_command

from cli import app
from curate.terminal.command_line import command_line
from tests.crawls import curate, refused

ROOT = Path(__file__).parent.parent


@pytest.fixture
def crawl(tmp_path: Path) -> Path:
    """Write a crawl of which a fifth has no features, and one name is ambiguous."""
    true = np.arange(60) % 3
    features = np.eye(8)[true] + np.random.default_rng(0).normal(0, 0.1, (60, 8))
    features[:12] = np.nan
    np.save(tmp_path / "x.npy", features.astype(np.float32))
    labels = [("crane", "jay", "qqzx")[c] for c in true]
    pl.DataFrame({"key": [f"k{row}" for row in range(60)], "label": labels}).write_parquet(
        tmp_path / "crawl.parquet"
    )
    return tmp_path / "crawl.parquet"


@pytest.mark.parametrize("command", [(), ("weight",), ("inspect",), ("export",)])
def test_h_is_help(command: tuple[str, ...]) -> None:
    assert curate(*command, "-h").output == curate(*command, "--help").output


def test_quiet_leaves_warnings_and_errors(crawl: Path) -> None:
    out, features = crawl.with_name("o.parquet"), ("--embeddings", crawl.with_name("x.npy"))
    done = curate("weight", crawl, *features, "-o", out, "-q")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "Not in WordNet: qqzx" in done.stderr
    assert "12 of 60 rows (20%) have no features" in done.stderr
    assert "Senses chosen" not in done.stderr
    assert "Senses chosen" in curate("graph", crawl).stderr
    verified = crawl.with_name("verified.csv")
    pl.read_parquet(crawl).slice(12, 24).write_csv(verified)
    for command in (
        ("refine", out, "--verified", verified, "--epochs", 1, "-o", crawl.with_name("r.parquet")),
        ("report", out, "-o", crawl.with_name("r.html")),
        ("export", out, "--to", "csv", "-o", crawl.with_name("e.csv")),
        ("graph", crawl, "-o", crawl.with_name("g.png")),
        ("inspect", out),
        ("duplicates", out),
        ("demo", crawl.with_name("demo"), "--rows", 120),
    ):
        done = curate(*command, "--quiet")
        assert (done.exit_code, done.stdout) == (0, ""), (command, done.stderr)
    assert "Error: " in curate("weight", crawl.with_name("none"), "--quiet").stderr


def test_a_quiet_merge_warns_of_what_it_leaves_out(tmp_path: Path) -> None:
    for name, label in (("a", "cat"), ("b", "dog")):
        (tmp_path / f"{name}.csv").write_text(f"key,label\nk1,ant\nk2,{label}\n,ant\n")
    files = (tmp_path / "a.csv", tmp_path / "b.csv", "-o", tmp_path / "merged.parquet")
    done = curate("verify", "--merge", *files, "--quiet")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "Left out: 1 sample on which the files disagree." in done.stderr
    assert "Passed over: answers in a.csv without a key (1): row 3" in done.stderr
    assert pl.read_parquet(tmp_path / "merged.parquet")["key"].to_list() == ["k1"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("weight a.csv --label= photo", "cuts the two apart; write --label=photo"),
        ("weight --label= photo a.csv", "cuts the two apart; write --label=photo"),
        ("inspect a.csv --class black bear", "--class takes one word; if it is part of that, write"
         " --class 'black bear'"),
        ("weight --quiet 0.tar 1.tar", "takes one manifest and options, and this is left: 1.tar;"
         " put a name with blanks in quotes, and give the folder in place of a *"),
        ("report a.csv b.csv c.csv", "curate report takes one weighted manifest and options"),
        ("demo a b", "curate demo takes one folder and options, and this is left: b"),
    ],
)  # fmt: skip
def test_words_that_nothing_takes_are_told_with_what_may_be_meant(words: str, said: str) -> None:
    assert said in refused(*words.split())


def test_every_command_has_quiet() -> None:
    for name, command in get_command(app).commands.items():
        options = {option for each in command.params for option in each.opts}
        assert {"--quiet", "-q"} <= options, name


def test_the_shell_completes_commands_and_words() -> None:
    def complete(*words: str) -> list[str]:
        asked = {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
        done = subprocess.run(
            [sys.executable, "-c", "from cli import app; app(prog_name='curate')"],
            env={**os.environ, **asked, "_CURATE_COMPLETE": "complete_bash"}, cwd=ROOT,
            capture_output=True, text=True,
        )  # fmt: skip
        return done.stdout.split()

    assert complete("curate", "re") == ["refine", "report"]
    assert complete("curate", "export", "--to", "web") == ["webdataset"]
    assert "--min-quality" in complete("curate", "export", "--m")


def test_a_printed_command_begins_as_this_one_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, module = tmp_path / "my bin" / "curate", tmp_path / "curate" / "__main__.py"
    for file in (script, module):
        file.parent.mkdir()
        file.touch(0o755)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sys, "argv", [str(script)])
    assert command_line("inspect") == f"'{script}' inspect"
    monkeypatch.setenv("PATH", str(script.parent))
    assert command_line("inspect") == "curate inspect"
    monkeypatch.setattr(sys, "argv", [str(module)])
    monkeypatch.setattr(sys, "orig_argv", ["python3", "-m", "curate"])
    assert command_line("inspect") == "python3 -m curate inspect"
    monkeypatch.setattr(sys, "argv", ["/usr/bin/pytest"])
    assert command_line("inspect") == "curate inspect"
