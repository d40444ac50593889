"""That the documents hold together: the site builds, and commands in them have their options."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from cli import app

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands(document: Path) -> list[list[str]]:
    """List the calls of curate in the shell blocks of a document."""
    lines = "".join(SHELL.findall(document.read_text())).replace("\\\n", " ").splitlines()
    split = [shlex.split(line, comments=True) for line in lines if line.startswith("curate ")]
    return [words for words in split if len(words) > 1]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_option_of_a_printed_command_exists(document: Path) -> None:
    known = typer.main.get_command(app)
    for _, name, *words in commands(document):
        command = known.commands[name]  # type: ignore[attr-defined]
        options = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
        options |= {"--help", "-h"}
        unknown = [word for word in words if word.startswith("-") and word not in options]
        assert not unknown, f"{document.name}: curate {name} has no {unknown}"


def test_the_readme_shows_the_commands_of_every_day() -> None:
    named = {words[1] for words in commands(ROOT / "README.md")}
    assert {"weight", "inspect", "duplicates", "report", "verify", "refine", "export"} <= named


def test_the_site_builds_and_no_link_in_it_is_broken(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", tmp_path]
    environment = {**os.environ, "DISABLE_MKDOCS_2_WARNING": "true"}
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "index.html").exists()
    assert {each.stem for each in (ROOT / "docs").glob("*.md")} <= {
        each.name for each in (tmp_path / "docs").iterdir()
    }
