"""`curate export`, as a user runs it: on a crawl whose labels, keys and columns mean harm."""

import csv
import io
import json
import tarfile
from collections import Counter
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from curate.exports import webdataset
from curate.options.export import SelectOptions
from tests.crawls import curate

CLASSES = ["..", "a/b", "a?b", 'c,"d"\ne', "=1+1", "Käfer 甲虫", "cat", "CAT", "x\r;",
           "weights.csv"]  # fmt: skip
ENDINGS = ("png", "jpg", "webp", "gif")
ROWS = 200
BROKEN = {3: b"", 17: b"<html>no picture</html>"}


def export(path: Path, to: str, out: Path, *options: object) -> str:
    result = curate("export", path, "--to", to, "--out", out, *options)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(path: Path, to: str, out: Path, *options: object) -> str:
    result = curate("export", path, "--to", to, "--out", out, *options)
    assert result.exit_code == 2, result.output
    assert not list(out.parent.glob(".unfinished-*"))
    return " ".join(result.stderr.split())


def picture(row: int) -> bytes:
    file = io.BytesIO()
    colour = (row % 256, row * 7 % 256, 90)
    Image.new("RGB", (8, 8), colour).save(file, ("PNG", "JPEG", "WEBP", "GIF")[row % 4])
    return file.getvalue()


def crawl() -> pl.DataFrame:
    labels = [CLASSES[row % len(CLASSES)] for row in range(ROWS)]
    return pl.DataFrame(
        {
            "key": [f"../{row:03d}/={row}" for row in range(ROWS)],
            "image": [BROKEN.get(row, picture(row)) for row in range(ROWS)],
            "label": labels,
            "caption": [None if row % 9 == 0 else f"+picture, of\n{row}" for row in range(ROWS)],
            "weight": [f"-{row}" for row in range(ROWS)],
            "=head": [row / 7 for row in range(ROWS)],
        }
    )


def features(labels: list[int]) -> np.ndarray:
    rng = np.random.default_rng(0)
    truth = np.array(labels)
    wrong = rng.random(len(truth)) < 0.25
    truth[wrong] = rng.integers(0, len(CLASSES), wrong.sum())
    return (np.eye(16)[truth] + rng.normal(0, 0.1, (len(truth), 16))).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crawl")
    rows = crawl()
    rows.write_parquet(folder / "crawl.parquet", row_group_size=64)
    np.save(folder / "x.npy", features([CLASSES.index(label) for label in rows["label"]]))
    options = ("--embeddings", folder / "x.npy", "--graph", "none", "--prefix", "c_")
    result = curate("weight", folder / "crawl.parquet", *options, "--soft-labels", 2)
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture(scope="module")
def path(folder: Path) -> Path:
    return folder / "crawl.weighted.parquet"


@pytest.fixture(scope="module")
def weighted(path: Path) -> pl.DataFrame:
    return pl.read_parquet(path)


@pytest.fixture(scope="module")
def kept(weighted: pl.DataFrame) -> pl.DataFrame:
    """Rows of weight > 0 that have a picture."""
    rows = weighted.with_row_index("row").filter(pl.col("c_weight") > 0)
    return rows.filter(~pl.col("row").is_in(list(BROKEN)))


def pictures(rows: pl.DataFrame) -> Counter[tuple[str, bytes, float]]:
    return Counter(rows.select("label", "image", "c_weight").iter_rows())


def test_parquet_has_every_column_and_opens_again(
    path: Path, weighted: pl.DataFrame, tmp_path: Path
) -> None:
    out = tmp_path / "out.parquet"
    words = export(path, "parquet", out)
    expected = weighted.filter(pl.col("c_weight") > 0)
    assert pl.read_parquet(out).equals(expected)
    assert f"{len(expected)} of {ROWS}" in words
    assert "read back the same rows, by pyarrow" in " ".join(words.split())
    shown = curate("inspect", out, "--limit", 3)
    assert shown.exit_code == 0, shown.output


def test_a_csv_has_no_formulas_and_keeps_its_numbers(
    path: Path, weighted: pl.DataFrame, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    words = export(path, "csv", out, "--keep", "all")
    left_out = "columns that csv cannot hold (3): image, c_soft_labels, c_soft_probabilities"
    assert left_out in " ".join(words.split())
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:5] == ["key", "label", "caption", "weight", "'=head"]
    cells = [cell for row in rows for cell in row.values()] + list(rows[0])
    assert not [c for c in cells if c[:1] in set("=@\t\r\n")]
    for row, truth in zip(rows, weighted.iter_rows(named=True), strict=True):
        label = truth["label"]
        assert row["label"] == (f"'{label}" if label.startswith("=") else label)
        assert row["caption"] == ("" if truth["caption"] is None else f"'{truth['caption']}")
        assert row["weight"] == truth["weight"]
        assert np.float32(row["c_weight"]) == np.float32(truth["c_weight"])


def test_json_lines(path: Path, weighted: pl.DataFrame, tmp_path: Path) -> None:
    export(path, "jsonl", tmp_path / "out.jsonl", "--rename", "c_weight=sample_weight")
    lines = (tmp_path / "out.jsonl").read_text().splitlines()
    expected = weighted.filter(pl.col("c_weight") > 0)
    for line, row in zip(map(json.loads, lines), expected.iter_rows(named=True), strict=True):
        assert (line["key"], line["label"], line["weight"]) == (
            row["key"], row["label"], row["weight"],
        )  # fmt: skip
        assert np.float32(line["sample_weight"]) == np.float32(row["c_weight"])


def test_webdataset_has_the_keys_of_img2dataset(
    path: Path, weighted: pl.DataFrame, kept: pl.DataFrame, tmp_path: Path
) -> None:
    out = tmp_path / "shards"
    words = export(path, "webdataset", out, "--rows-per-shard", 100)
    assert "rows without a readable picture (2)" in words
    assert "by webdataset" in words
    tars = sorted(out.glob("*.tar"))
    assert [tar.name for tar in tars] == [f"{n:05d}.tar" for n in range((len(kept) + 101) // 100)]
    samples: dict[str, dict[str, bytes]] = {}
    for path_ in tars:
        with tarfile.open(path_) as tar:
            for member in tar:
                key, ending = member.name.split(".")
                samples.setdefault(key, {})[ending] = tar.extractfile(member).read()
    # A tar has a hundred chosen rows, without those whose pictures cannot be read.
    chosen = weighted.with_row_index("row").filter(pl.col("c_weight") > 0)["row"]
    tar_of = [n // 100 for n, row in enumerate(chosen) if row not in BROKEN]
    keys = (f"{tar:05d}{n:02d}" for tar, each in groupby(tar_of) for n, _ in enumerate(each))
    assert list(samples) == list(keys)
    found = Counter[object]()
    for sample in samples.values():
        fields = json.loads(sample["json"])
        (image,) = (sample[ending] for ending in ENDINGS if ending in sample)
        found[fields["label"], image, np.float32(fields["c_weight"])] += 1
        caption = sample.get("txt")
        assert fields["caption"] == (None if caption is None else caption.decode())
    assert found == pictures(kept)


def test_an_image_folder_neither_leaves_its_folder_nor_merges_classes(
    path: Path, kept: pl.DataFrame, tmp_path: Path
) -> None:
    out = tmp_path / "below" / "pictures"
    export(path, "imagefolder", out)
    assert [each.name for each in out.parent.iterdir()] == ["pictures"]
    assert [each.name for each in tmp_path.iterdir()] == ["below"]
    folders = [each.name for each in out.iterdir() if each.is_dir()]
    assert len({name.casefold() for name in folders}) == len(CLASSES)
    with (out / "weights.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    keys = dict(kept.select("key", "label").iter_rows())
    found = Counter[object]()
    for row in rows:
        key = row["key"]
        label = keys[key]
        assert row["label"] == (f"'{label}" if label.startswith("=") else label)
        found[label, (out / row["file"]).read_bytes(), np.float32(row["weight"])] += 1
    assert found == pictures(kept)
    assert len({(row["file"].split("/")[0], row["label"]) for row in rows}) == len(CLASSES)
    assert (out / "cat").is_dir() is False, "differs from CAT in case only"
    assert (out / "Käfer 甲虫").is_dir()


def test_hugging_face_loads_it(path: Path, kept: pl.DataFrame, tmp_path: Path) -> None:
    from datasets import load_dataset

    out = tmp_path / "hub"
    assert "by datasets" in export(path, "huggingface", out, "--rows-per-shard", 50)
    assert len(list(out.glob("train/*.parquet"))) == (len(kept) + 49) // 50
    rows = load_dataset(str(out), streaming=True)["train"]
    names = rows.features["label"].names
    assert names == sorted(CLASSES)
    first = next(iter(rows))
    assert first["image"].size == (8, 8)
    found = Counter(
        (names[label], image["bytes"], weight)
        for file in sorted(out.glob("train/*.parquet"))
        for label, image, weight in pl.read_parquet(file, columns=["label", "image", "c_weight"])
        .select("label", "image", "c_weight")
        .iter_rows()
    )
    assert found == pictures(kept)


def test_fiftyone_has_all_that_was_found_as_fields(
    path: Path, weighted: pl.DataFrame, tmp_path: Path
) -> None:
    out = tmp_path / "fiftyone"
    export(path, "fiftyone", out, "--split", "8/2")
    assert "version" not in json.loads((out / "metadata.json").read_text())
    samples = json.loads((out / "samples.json").read_text())["samples"]
    truth = {row["key"]: row for row in weighted.iter_rows(named=True)}
    assert len(samples) == ROWS - len(BROKEN)
    for sample in samples:
        row = truth[sample["key"]]
        assert sample["ground_truth"]["label"] == row["label"]
        assert sample["suggestion"]["label"] == row["c_suggested_label"]
        assert sample["is_label_issue"] == row["c_is_label_issue"]
        for name in ("weight", "label_quality"):
            assert np.float32(sample[name]) == np.float32(row[f"c_{name}"])
        assert (out / sample["filepath"]).read_bytes() == row["image"]
        assert sample["tags"] in (["train"], ["validation"])


def test_cleanlab_finds_its_names(path: Path, weighted: pl.DataFrame, tmp_path: Path) -> None:
    out = tmp_path / "labels.parquet"
    export(path, "cleanlab", out)
    rows = pl.read_parquet(out)
    assert rows["label"].equals(weighted["label"])
    for name, ours in {
        "given_label": "label",
        "predicted_label": "c_suggested_label",
        "label_score": "c_label_quality",
        "label_quality": "c_label_quality",
        "is_label_issue": "c_is_label_issue",
        "weight": "c_weight",
    }.items():
        assert rows[name].equals(weighted[ours]), name
    export(path, "cleanlab", tmp_path / "labels.csv", "--rename", "weight=sample_weight")
    assert "sample_weight" in pl.read_csv(tmp_path / "labels.csv").columns


def test_datacomp_has_sorted_uids(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    uids = [rng.bytes(16).hex() for _ in range(60)]
    labels = ["ab"[row % 2] for row in range(60)]
    pl.DataFrame({"uid": uids, "label": labels}).write_parquet(tmp_path / "crawl.parquet")
    np.save(tmp_path / "x.npy", features([row % 2 for row in range(60)]))
    options = ("--embeddings", tmp_path / "x.npy", "--graph", "none")
    assert curate("weight", tmp_path / "crawl.parquet", *options).exit_code == 0
    path = tmp_path / "crawl.weighted.parquet"
    export(path, "datacomp", tmp_path / "uids.npy", "--keep", "all")
    found = np.load(tmp_path / "uids.npy")
    assert found.dtype == np.dtype("u8,u8")
    assert [f"{a:016x}{b:016x}" for a, b in found] == sorted(uids)
    words = refused(path, "datacomp", tmp_path / "u.npy", "--key", "label")
    assert "column 'label' is 'a' in 30 rows" in words or "32 hexadecimal digits" in words
    assert "which has no parts" in refused(path, "datacomp", tmp_path / "u.npy", "--split", "1/1")


@pytest.mark.parametrize("split", ["0.7/0.7", "0.5/0.2", "0.9/0.9/0.2"])
def test_shares_that_do_not_add_up_to_one_are_refused(path: Path, split: str) -> None:
    words = refused(path, "parquet", path.with_name("u.parquet"), "--split", split)
    assert "these shares add up to" in words


def test_shares_may_be_rounded_or_a_ratio() -> None:
    for split in ("0.33/0.33/0.33", "7/3", "0.1/0.9"):
        assert sum(SelectOptions(split=split).shares.values()) == pytest.approx(1)


def test_a_split_keeps_its_rows_when_others_are_added(path: Path, tmp_path: Path) -> None:
    parts = {}
    for name, rows in (("all", ROWS), ("some", 120)):
        source = tmp_path / f"{name}.parquet"
        pl.read_parquet(path).tail(rows).write_parquet(source)
        named = ("--label", "label", "--key", "key", "--image", "image", "--prefix", "c_")
        out = tmp_path / f"{name}.out.parquet"
        export(source, "parquet", out, "--split", "0.6/0.2/0.2", "--keep", "all", *named)
        parts[name] = dict(pl.read_parquet(out).select("key", "c_split").iter_rows())
    assert parts["some"].items() <= parts["all"].items()
    counts = Counter(parts["all"].values())
    assert counts.keys() == {"train", "validation", "test"}
    assert abs(counts["train"] - 0.6 * ROWS) < 4 * np.sqrt(0.24 * ROWS)
    export(path, "parquet", tmp_path / "seed.parquet", "--split", "6/2/2", "--seed", 1,
           "--keep", "all")  # fmt: skip
    other = dict(pl.read_parquet(tmp_path / "seed.parquet").select("key", "c_split").iter_rows())
    assert other != parts["all"]


def test_folders_of_a_split_have_the_same_classes(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "pictures"
    export(path, "imagefolder", out, "--split", "0.95/0.05")
    train, validation = (
        sorted(folder.name for folder in (out / part).iterdir()) for part in ("train", "validation")
    )
    assert train == validation
    assert len(train) == len(CLASSES)


def test_links_go_to_the_files_and_bytes_are_copied(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    for row in range(40):
        (tmp_path / "images" / f"{row}.x").write_bytes(picture(row))
    labels = ["ab"[row % 2] for row in range(40)]
    paths = [f"{row}.x" for row in range(40)]
    pl.DataFrame({"path": paths, "label": labels}).write_csv(tmp_path / "crawl.csv")
    np.save(tmp_path / "x.npy", features([row % 2 for row in range(40)]))
    options = ("--embeddings", tmp_path / "x.npy", "--graph", "none")
    root = ("--root", tmp_path / "images")
    result = curate("weight", tmp_path / "crawl.csv", *options, *root)
    assert result.exit_code == 0, result.output
    path = tmp_path / "crawl.weighted.csv"
    export(path, "imagefolder", tmp_path / "linked", "--link", "--keep", "all", *root)
    files = sorted(path for path in (tmp_path / "linked").rglob("*") if path.is_symlink())
    assert [file.name.split(".")[1] for file in files].count("png") == 10
    assert all(file.resolve().parent == tmp_path / "images" for file in files)
    assert len(files) == 40
    export(path, "imagefolder", tmp_path / "copied", "--keep", "all", *root)
    assert not [path for path in (tmp_path / "copied").rglob("*") if path.is_symlink()]
    (tmp_path / "images" / "7.x").unlink()
    words = export(path, "fiftyone", tmp_path / "fo", "--link", *root)
    assert "rows without a readable picture (1)" in words
    assert "none of the" in refused(path, "webdataset", tmp_path / "wds", "--root", tmp_path)


def test_what_cannot_be_is_said(path: Path, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for to, options, words in (
        ("tfrecord", (), "--to tfrecord: it must be one of parquet, csv,"),
        ("csv", (), "--to csv writes one file; name one that ends in .csv"),
        ("webdataset", ("--keep", "some"), "--keep some: it must be one of all, weighted, clean"),
        ("webdataset", ("--min-quality", 2), "give a number from 0 to 1"),
        ("webdataset", ("--split", "0.9"), "give two or more shares"),
        ("webdataset", ("--split", "1/x"), "give two or more shares"),
        ("webdataset", ("--rename", "weight"), "write it as --rename weight=sample_weight"),
        ("webdataset", ("--rename", "heft=w"), "has no column 'heft'; its columns are: key"),
        ("webdataset", ("--rename", "key=label"), "would have two columns named 'label'"),
        ("webdataset", ("--labels", "refined"), "has no column 'c_refined_label'"),
        ("imagefolder", ("--labels", "soft"), "holds one label for each image, and --labels soft"),
        ("imagefolder", ("--rows-per-shard", 0), "a shard has 1 row or more"),
        ("webdataset", ("--min-quality", 1), "no row of"),
    ):
        assert words in refused(path, to, out, *options), options
    assert "is or holds what is exported" in refused(path, "parquet", path, "--overwrite")
    (tmp_path / "there.csv").touch()
    assert "exists; replace it with --overwrite" in refused(path, "csv", tmp_path / "there.csv")
    assert "is or holds what is exported" in refused(path, "webdataset", folder, "--overwrite")
    own = tmp_path / "own"
    own.mkdir()
    (own / "precious").touch()
    words = refused(path, "webdataset", own, "--overwrite")
    assert "is a folder that curate has not exported, and so is not replaced" in words
    assert (own / "precious").exists()


def test_an_export_is_replaced_as_a_whole_or_not_at_all(
    path: Path, kept: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "shards"
    export(path, "webdataset", out, "--rows-per-shard", 50)
    before = {file.name: file.read_bytes() for file in out.iterdir()}
    lost = replace(webdataset.FORMAT.output, read=lambda *_: ("nobody", lambda _: iter(())))
    monkeypatch.setattr(webdataset, "FORMAT", replace(webdataset.FORMAT, output=lost))
    words = refused(path, "webdataset", out, "--overwrite")
    assert f"gave 0 rows instead of {len(kept)}, so it was not kept" in words
    assert {file.name: file.read_bytes() for file in out.iterdir()} == before
    monkeypatch.undo()
    export(path, "webdataset", out, "--overwrite")
    assert len(list(out.glob("*.tar"))) == 1
    receipt = json.loads((out / "curate-export.json").read_text())
    assert receipt["exported"]["rows"] == len(kept)


def test_a_slim_file_leaves_with_the_columns_of_its_crawl(folder: Path, tmp_path: Path) -> None:
    slim, whole = tmp_path / "slim.parquet", tmp_path / "whole.parquet"
    options = ("--embeddings", folder / "x.npy", "--graph", "none", "--prefix", "c_")
    run_dir = ("--run-dir", tmp_path / "run")
    for out, more in ((slim, ("--slim",)), (whole, ())):
        result = curate("weight", folder / "crawl.parquet", *options, *run_dir, *more, "--out", out)
        assert result.exit_code == 0, result.output
    for source in (slim, whole):
        export(source, "parquet", tmp_path / f"{source.stem}.out.parquet", "--keep", "clean")
    tables = [pl.read_parquet(tmp_path / f"{s.stem}.out.parquet") for s in (slim, whole)]
    assert tables[0].equals(tables[1])
    assert 0 < len(tables[0]) < ROWS
    assert not tables[0]["c_is_label_issue"].any()


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weighted manifest whose images have several labels, or none."""
    labels = [
        [["cat", "dog"], ["dog"], [], ["cat", None, "=x"], None][row % 5] for row in range(40)
    ]
    numbers = [[0.5 + n / 10 for n in range(len(each or []))] for each in labels]
    path = tmp_path_factory.mktemp("lists") / "w.parquet"
    pl.DataFrame(
        {
            "key": [f"k{row}" for row in range(40)],
            "image": [picture(row) for row in range(40)],
            "label": pl.Series(labels, dtype=pl.List(pl.String)),
            "weight": pl.Series(numbers, dtype=pl.List(pl.Float32)),
            "label_quality": pl.Series(numbers, dtype=pl.List(pl.Float32)),
            "suggested_label": [["cow"]] * 40,
            "suggested_quality": pl.Series([[0.7]] * 40, dtype=pl.List(pl.Float32)),
            "is_label_issue": [[False] * len(each) for each in numbers],
            "issue_kind": pl.Series([[None] * len(n) for n in numbers], dtype=pl.List(pl.String)),
            "distance": pl.Series(numbers, dtype=pl.List(pl.Float32)),
            "consistency": pl.Series(numbers, dtype=pl.List(pl.Float32)),
            "status": ["ok"] * 40,
        }
    ).write_parquet(path)
    return path


def test_lists_of_labels_leave_as_lists(lists: Path, tmp_path: Path) -> None:
    export(lists, "parquet", tmp_path / "out.parquet")
    rows = pl.read_parquet(tmp_path / "out.parquet")
    truth = [["cat", "dog"], ["dog"], ["cat", "=x"]]
    assert rows["label"].to_list() == truth * 8
    assert rows["weight"].list.len().equals(rows["label"].list.len(), check_names=False)
    export(lists, "parquet", tmp_path / "sug.parquet", "--labels", "suggested", "--keep", "all")
    more = pl.read_parquet(tmp_path / "sug.parquet")
    assert more["label"].to_list()[:2] == [["cat", "dog", "cow"], ["dog", "cow"]]
    assert more["given_label"].to_list()[:2] == [["cat", "dog"], ["dog"]]
    assert "distance" not in more.columns, "there is none of labels that were not given"
    export(lists, "jsonl", tmp_path / "out.jsonl")
    lines = (tmp_path / "out.jsonl").read_text().splitlines()
    assert [json.loads(line)["label"] for line in lines] == truth * 8
    export(lists, "webdataset", tmp_path / "shards")
    export(lists, "huggingface", tmp_path / "hub")
    rows = pl.read_parquet(tmp_path / "hub" / "train" / "00000.parquet")
    assert rows["label"].to_list()[:3] == [[1, 2], [2], [1, 0]], "of =x, cat, dog"
    export(lists, "fiftyone", tmp_path / "fo", "--keep", "weighted", "--normalize", "class")
    samples = json.loads((tmp_path / "fo" / "samples.json").read_text())["samples"]
    several = samples[0]["ground_truth"]["classifications"]
    assert [one["label"] for one in several] == ["cat", "dog"]


@pytest.mark.parametrize("to", ["csv", "imagefolder", "cleanlab"])
def test_what_has_one_label_for_an_image_says_so(lists: Path, tmp_path: Path, to: str) -> None:
    out = tmp_path / ("out.csv" if to != "imagefolder" else "out")
    assert f"--to {to} holds one label for each image" in refused(lists, to, out)


def test_labels_that_are_numbers_stay_numbers(tmp_path: Path) -> None:
    numbers = [10 + row % 2 * -1 for row in range(40)]
    rows = pl.DataFrame({"label": numbers, "image": [picture(row) for row in range(40)]})
    rows.write_parquet(tmp_path / "crawl.parquet")
    np.save(tmp_path / "x.npy", features([row % 2 for row in range(40)]))
    options = ("--embeddings", tmp_path / "x.npy", "--graph", "none")
    assert curate("weight", tmp_path / "crawl.parquet", *options).exit_code == 0
    path = tmp_path / "crawl.weighted.parquet"
    export(path, "parquet", tmp_path / "out.parquet", "--labels", "suggested", "--keep", "all")
    out = pl.read_parquet(tmp_path / "out.parquet")
    assert out["label"].dtype == pl.Int64
    assert out["given_label"].to_list() == numbers
    export(path, "huggingface", tmp_path / "hub", "--keep", "all")
    hub = pl.read_parquet(tmp_path / "hub" / "train" / "00000.parquet")
    assert hub["label"].to_list() == [int(number == 10) for number in numbers], "9 before 10"
