"""The demo's crawl, drawn once for all examples."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder in which `curate demo demo` was run."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        result = CliRunner().invoke(app, ["demo", "demo"])
    assert result.exit_code == 0, result.output
    return home
