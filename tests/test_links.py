"""Links in the paths of a table lead no picture in from outside of its root."""

from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from cli import app
from curate.errors import CurateError
from curate.images.source import FileSlice, read
from curate.images.status import Status, Undecodable
from tests.crawls import plain_png


def png(value: int) -> bytes:
    return plain_png((value, value, 99))


@pytest.fixture
def crawl(tmp_path: Path) -> Path:
    """Write a table with a picture behind a link out, and one behind a linked folder."""
    folder, other = tmp_path / "crawl", tmp_path / "else"
    for place in (folder, other):
        place.mkdir()
    names = [f"{number}.png" for number in range(8)]
    for number, name in enumerate(names):
        (folder / name).write_bytes(png(20 * number))
    (other / "x.png").write_bytes(png(200))
    (folder / "a.png").symlink_to(other / "x.png")
    (folder / "b").symlink_to(other)
    (folder / "c.png").symlink_to(folder / "0.png")
    paths = [*names, "a.png", "b/x.png", "c.png"]
    labels = ["cat"] * 4 + ["dog"] * 4 + ["cat", "dog", "cat"]
    pl.DataFrame({"image": paths, "label": labels}).write_csv(folder / "crawl.csv")
    return folder


def weigh(folder: Path, *options: object) -> list[str]:
    arguments = ["weight", folder / "crawl.csv", "--encoder", "embedded", "--graph", "none",
                 "--workers", "1", "--overwrite", *options]  # fmt: skip
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    return pl.read_csv(folder / "crawl.weighted.csv")["status"].to_list()


def test_a_picture_behind_a_link_out_of_the_root_is_not_read(crawl: Path) -> None:
    assert weigh(crawl) == ["ok"] * 8 + ["outside", "outside", "ok"]


def test_a_root_that_is_a_link_itself_is_fine(crawl: Path) -> None:
    (crawl.parent / "link").symlink_to(crawl)
    assert weigh(crawl.parent / "link")[:8] == ["ok"] * 8


def test_a_trainer_is_told_of_a_link_out(crawl: Path) -> None:
    weigh(crawl)
    from curate.torch import WeightedImages

    (crawl / "1.png").unlink()
    (crawl / "1.png").symlink_to(crawl.parent / "else" / "x.png")
    images = WeightedImages(crawl / "crawl.weighted.csv", size=8)
    with pytest.raises(CurateError, match="is outside; its paths start from"):
        list(images)


def test_a_forged_index_of_tars_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(png(1))
    (tmp_path / "root").mkdir()
    for path in ("../secret", str(tmp_path / "secret")):
        with pytest.raises(Undecodable) as caught:
            read(FileSlice(tmp_path / "root" / path, 0, 10, tmp_path / "root"))
        assert caught.value.status == Status.OUTSIDE
    assert read(FileSlice(tmp_path / "root/../secret", 0, 8, tmp_path)) == png(1)[:8]
