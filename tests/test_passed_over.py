"""What is passed over is counted and the first few are named, wherever a person looks."""

import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.crawls import curate

KINDS = ("cat", "dog")


def picture(value: int) -> bytes:
    file = io.BytesIO()
    pixels = np.random.default_rng(value).integers(0, 40, (12, 12, 3), np.uint8)
    pixels[..., value % 2] += 200
    Image.fromarray(pixels).save(file, "png")
    return file.getvalue()


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a folder of classes with a text and broken pictures among them."""
    folder = tmp_path_factory.mktemp("passed") / "pictures"
    for at, kind in enumerate(KINDS):
        (folder / kind).mkdir(parents=True)
        for number in range(20):
            (folder / kind / f"{number:02d}.png").write_bytes(picture(2 * number + at))
    for number in (3, 5):
        (folder / "cat" / f"{number:02d}.png").write_bytes(picture(0)[:60])
    (folder / "dog" / "notes.txt").write_text("not a picture")
    weighed = curate("weight", folder, "--encoder", "embedded", "--graph", "none")
    assert weighed.exit_code == 0, weighed.output
    (folder.parent / "words.txt").write_text(weighed.stdout)
    return folder


def test_weight_and_inspect_and_report_say_the_same(crawl: Path) -> None:
    out = crawl.with_name("pictures.weighted.parquet")
    inspected = curate("inspect", out).stdout
    page = crawl.with_name("page.html")
    assert curate("report", out, "--out", page, "--overwrite").exit_code == 0
    for words in ((crawl.parent / "words.txt").read_text(), inspected, page.read_text()):
        assert "notes.txt" in words
    said = json.loads(curate("inspect", out, "--json").stdout)
    (skipped,) = said["skipped"]
    assert (skipped["count"], skipped["examples"]) == (1, ["dog/notes.txt"])
    ((status, keys),) = said["summary"]["examples"].items()
    assert keys == ["cat/03.png", "cat/05.png"]
    assert f"2 {status} (such as cat/03.png, cat/05.png)" in inspected


def test_embed_too(crawl: Path) -> None:
    words = curate("embed", crawl, "--encoder", "embedded").stdout
    (line,) = [line for line in words.splitlines() if line.startswith("Passed over: ")]
    assert "notes.txt" in line


def test_verified_keys_that_name_no_row(crawl: Path) -> None:
    verified = crawl.with_name("verified.csv")
    keys = [f"{kind}/{number:02d}.png" for number in range(10, 16) for kind in KINDS]
    lines = [f"{key},{key.split('/')[0]}" for key in keys]
    lines += ["nowhere.png,cat", f"{keys[0]},dog", ""]
    verified.write_text("\n".join(["key,label", *lines]))
    weights = ("--verified", verified, "--out", crawl.with_name("v.parquet"))
    weighed = curate("weight", crawl, "--encoder", "embedded", "--graph", "none", *weights)
    out = crawl.with_name("pictures.weighted.parquet")
    refined = curate("refine", out, "--verified", verified, "--epochs", 1)
    assert (weighed.exit_code, refined.exit_code) == (0, 0), refined.output
    words = " ".join(weighed.stdout.split())
    assert "verified keys that are not in the manifest (1): nowhere.png" in words
    assert "verified keys with contradicting labels (1): cat/10.png" in words
    for done in (weighed, refined):
        words = " ".join(done.stderr.split())
        assert "keys that are not in the manifest, such as 'nowhere.png', are left out: 1" in words
        assert "keys with contradicting labels, such as 'cat/10.png', are left out: 1" in words
    assert "nowhere.png" not in refined.stdout  # said once
    out = crawl.with_name("pictures.refined.parquet")
    said = json.loads(curate("inspect", out, "--json").stdout)["skipped"]
    assert [each["count"] for each in said] == [1, 1, 1]


def test_answers_without_a_key(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("key,label\nx,cat\n,dog\n")
    (tmp_path / "b.csv").write_text("key,label\ny,dog\n")
    done = curate(
        "verify", "--merge", tmp_path / "a.csv", tmp_path / "b.csv", "--out", tmp_path / "m.parquet"
    )
    assert done.exit_code == 0, done.output
    assert "Passed over: answers in a.csv without a key (1): row 2" in done.stdout
    assert "2 answers" in done.stdout


def test_export_names_rows_without_a_picture(crawl: Path) -> None:
    out = crawl.with_name("pictures.weighted.parquet")
    done = curate(
        "export", out, "--to", "imagefolder", "--out", crawl.with_name("x"), "--keep", "all"
    )
    assert done.exit_code == 0, done.output
    assert "rows without a readable picture (2): cat/03.png, cat/05.png" in done.stdout


def test_a_path_that_was_tried_is_shown_where_half_of_the_pictures_are_missing(
    crawl: Path, tmp_path: Path
) -> None:
    names = [f"{kind}/{number:02d}.png" for number in range(6, 20) for kind in KINDS]
    lines = [
        f"{name.replace('/', chr(92)) if at % 4 > 1 else name},{name[:3]}"
        for at, name in enumerate(names)
    ]
    (tmp_path / "crawl.csv").write_text("\n".join(["image,label", *lines]))
    weighed = curate("weight", tmp_path / "crawl.csv", "--encoder", "embedded", "--graph", "none",
                     "--root", crawl)  # fmt: skip
    assert weighed.exit_code == 0, weighed.output
    assert rf"Row 3 was looked for at '{crawl}/cat\07.png', which has backslashes" in weighed.stdout


def test_views_of_texts_and_bytes_are_exported(crawl: Path, tmp_path: Path) -> None:
    pictures = [
        (kind, path.read_bytes()) for kind in KINDS for path in (crawl / kind).glob("*.png")
    ]
    table = pa.table(
        {
            "image": pa.array([data for _, data in pictures], pa.binary_view()),
            "label": [kind for kind, _ in pictures],
            "note": pa.array(
                ["a note of more than twelve signs"] * len(pictures), pa.string_view()
            ),
        }
    )
    pq.write_table(table, tmp_path / "crawl.parquet")
    weighed = curate("weight", tmp_path / "crawl.parquet", "--encoder", "embedded", "--graph",
                     "none")  # fmt: skip
    assert weighed.exit_code == 0, weighed.output
    exported = curate("export", tmp_path / "crawl.weighted.parquet", "--to", "parquet", "--out",
                      tmp_path / "out.parquet")  # fmt: skip
    assert exported.exit_code == 0, exported.output
    notes = pq.read_table(tmp_path / "out.parquet")["note"].to_pylist()
    assert (set(notes), len(notes)) == ({"a note of more than twelve signs"}, 38)
