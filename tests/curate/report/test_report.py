"""The page as a file: what stands in it, how large it is, and when it is not written."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from cli import app
from curate.commands import report
from curate.commands.report import write_report
from curate.inspect.overview import overview
from curate.options.report import ReportOptions
from curate.options.weighted import WeightedOptions
from curate.store.folders import Folders
from curate.weighted.open import open_weighted


class Page(HTMLParser):
    """The elements of a page with their attributes, and the text of styles and scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        """By id, or the element's name."""
        self._inside: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._inside = dict(attrs).get("id") or tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside is not None:
            self.texts[self._inside] = self.texts.get(self._inside, "") + data

    def json(self, name: str) -> Any:
        return json.loads(self.texts[name])


def written(weighted: Path, out: Path, **options: object) -> Page:
    write_report(ReportOptions(weighted, out=out, **options))
    return Page(out.read_text("utf-8"))


def test_only_its_own_style_and_script_may_run(page: Path) -> None:
    text = page.read_text("utf-8")
    parsed = Page(text)
    assert [tag for tag, _ in parsed.elements].count("script") == 3
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    policy = policy.replace("&#39;", "'")
    assert policy.startswith("default-src 'none'; img-src data:; ")
    for tag in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(parsed.texts[tag].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    for tag, attributes in parsed.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag
        for name in ("src", "href"):
            address = attributes.get(name) or "#"
            assert address.startswith(("#", "data:image/png;base64,")), address


def test_texts_of_the_web_are_never_markup(page: Path) -> None:
    text = page.read_text("utf-8")
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "<b onclick" not in text
    assert not set("\x1b\x07\u202e") & set(text)
    data = Page(text).json("data")
    names = {one["label"] for one in data["classes"]}
    assert "</script><script>alert(1)</script>" in names
    assert "�right to left�[31m" in names
    assert data["samples"][3]["caption"].startswith("</script><img src=x onerror=alert(2)> ")


def test_it_says_what_the_overview_counts(crawl: Path, page: Path, tmp_path: Path) -> None:
    counted = overview(open_weighted(WeightedOptions(crawl), Folders(tmp_path)))
    data = Page(page.read_text("utf-8")).json("data")
    assert [one["rows"] for one in data["classes"]] == counted.classes["rows"].to_list()
    assert [one["flagged"] for one in data["classes"]] == counted.classes["flagged"].to_list()
    assert [count for *_, count in data["pairs"]] == counted.confusions["count"].to_list()[:24]
    assert f"<b>{counted.flagged:,}</b>" in page.read_text("utf-8")


def test_samples_carry_all_that_is_said_of_them(crawl: Path, page: Path) -> None:
    data = Page(page.read_text("utf-8")).json("data")
    pictures = Page(page.read_text("utf-8")).json("pictures")
    rows = {row["key"]: row for row in pl.read_parquet(crawl).iter_rows(named=True)}
    assert len(pictures) == len(data["samples"])
    missing = 0
    for sample, picture in zip(data["samples"], pictures, strict=True):
        row, facts = rows[sample["key"]], dict(sample["facts"])
        assert facts["weight"] == f"{row['weight']:.3f}" or row["weight"] < 0.0005
        assert facts["distance"] == f"{row['distance']:.3f}"
        assert facts.get("flagged as") == row["issue_kind"]
        if row["image"] == b"no picture":
            missing += 1
            assert picture == {"missing": "not_image"}
        else:
            assert base64.b64decode(picture)[8:12] == b"WEBP"
    assert missing


def test_it_stays_below_its_size_whatever_the_pictures(
    crawl: Path, page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = Page(page.read_text("utf-8")).json("pictures")
    drawn = [len(picture) for picture in pictures if isinstance(picture, str)]
    most = page.stat().st_size - sum(drawn) + 7_000
    monkeypatch.setattr(report, "MOST_BYTES", most)
    fewer = written(crawl, tmp_path / "small.html").json("pictures")
    assert (tmp_path / "small.html").stat().st_size <= most
    assert 0 < sum(isinstance(picture, str) for picture in fewer) < len(drawn)


def test_without_pictures_and_without_its_run(crawl: Path, tmp_path: Path) -> None:
    pl.read_parquet(crawl).drop("image").write_parquet(tmp_path / "bare.parquet")
    page = written(tmp_path / "bare.parquet", tmp_path / "bare.html")
    text = (tmp_path / "bare.html").read_text("utf-8")
    assert "its options are not known" in text
    assert 'id="relations"' not in text
    assert all(picture == {"missing": "missing"} for picture in page.json("pictures"))
    assert all(one["wrong"] is None for one in page.json("data")["classes"])


def test_images_with_lists_of_labels(crawl: Path, tmp_path: Path) -> None:
    rows = pl.read_parquet(crawl)
    labels = sorted(rows["label"].unique())
    another = pl.col("label").replace(dict(zip(labels, labels[1:] + labels[:1], strict=True)))
    second = {"label": another, "label_quality": pl.lit(0.99, pl.Float32)}
    named = ("weight", "is_label_issue", "issue_kind", "distance", "consistency")
    second |= {name: pl.lit(None, rows[name].dtype) for name in named}
    rows.with_columns(
        *(pl.concat_list(name, value).alias(name) for name, value in second.items()),
        pl.concat_list("suggested_label"),
        pl.concat_list("suggested_quality"),
    ).write_parquet(tmp_path / "lists.parquet")
    data = written(tmp_path / "lists.parquet", tmp_path / "lists.html").json("data")
    for at, one in enumerate(data["classes"]):
        shown = [data["samples"][sample] for sample in one["suspects"]]
        qualities = [sample["of"][str(at)]["quality"] for sample in shown]
        assert qualities == sorted(qualities)
        assert one["rows"] > len(shown) > 0
        assert dict(shown[0]["facts"])["given"].count(", ") == 1


def test_the_command_says_where_the_page_is_and_never_replaces_one(
    crawl: Path, tmp_path: Path
) -> None:
    out = tmp_path / "r.html"
    out.write_text("another page")
    arguments = ["report", str(crawl), "--out", str(out), "--limit", "2", "--title", "Mine"]
    refused = CliRunner().invoke(app, arguments)
    assert refused.exit_code == 2
    assert "exists; replace it with --overwrite" in refused.stderr
    assert out.read_text() == "another page"
    done = CliRunner().invoke(app, [*arguments, "--overwrite"])
    assert done.exit_code == 0
    assert done.stdout.startswith(f"Written: {out} (0.")
    assert "<title>Mine</title>" in out.read_text("utf-8")
    for wrong, said in (
        (["--out", "r.png"], "end its name in .html"),
        (["--limit", "0"], "--limit 0"),
    ):
        done = CliRunner().invoke(app, ["report", str(crawl), *wrong])
        assert done.exit_code == 2
        assert said in done.stderr


def test_it_appears_whole_or_not_at_all(
    crawl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(report, "thumbnails", fail)
    with pytest.raises(KeyboardInterrupt):
        written(crawl, tmp_path / "r.html")
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_judged_has_no_numbers(crawl: Path, tmp_path: Path) -> None:
    of_class = pl.col("label") == "crane"
    names = ("weight", "label_quality", "suggested_label", "suggested_quality", "issue_kind")
    pl.read_parquet(crawl).with_columns(
        *(pl.when(~of_class).then(name).alias(name) for name in names),
        is_label_issue=pl.col("is_label_issue") & ~of_class,
    ).write_parquet(tmp_path / "some.parquet")
    data = written(tmp_path / "some.parquet", tmp_path / "some.html").json("data")
    (crane,) = [one for one in data["classes"] if one["label"] == "crane"]
    assert (crane["judged"], crane["share"], crane["wrong"], crane["quality"]) == (0, *[None] * 3)


def test_flagged_labels_are_marked_in_the_plot_of_qualities(crawl: Path, page: Path) -> None:
    flagged = pl.read_parquet(crawl).filter("is_label_issue")["label_quality"]
    text = page.read_text("utf-8")
    found = re.findall(r'aria-label="[\d.]+ to [\d.]+: [\d,]+ images, ([\d,]+) flagged"', text)
    assert sum(int(count.replace(",", "")) for count in found) == len(flagged)
    (limit,) = re.findall(r"flagged below (\d\.\d\d)<", text)
    assert float(limit) >= flagged.max() - 0.005
    assert 'class="limit"' in text


def test_what_refine_has_added_is_said_too(crawl: Path, tmp_path: Path) -> None:
    given = pl.col("label")
    pl.read_parquet(crawl).with_columns(
        refined_label=pl.when(given == "crane").then(pl.lit("عربي")).otherwise(given),
        refined_probability=pl.lit(0.75),
        noise_free=pl.lit(0.25),
    ).write_parquet(tmp_path / "refined.parquet")
    data = written(tmp_path / "refined.parquet", tmp_path / "r.html").json("data")
    (crane,) = [one for one in data["classes"] if one["label"] == "crane"]
    facts = dict(data["samples"][crane["suspects"][0]]["facts"])
    assert (facts["given"], facts["refined label"]) == ("crane", "عربي")
    assert (facts["refined probability"], facts["noise free"]) == ("0.750", "0.250")
    assert f"<dt>Relabelled</dt>\n    <dd><b>{crane['rows']}</b>" in (
        tmp_path / "r.html"
    ).read_text("utf-8")
