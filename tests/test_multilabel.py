"""`curate weight` and what follows it where every image has a list of labels."""

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.crawls import curate

NAMES = ("apple", "banana", "cherry", "grape", "lemon", "plum")
ALIGNED = ["weight", "label_quality", "is_label_issue", "issue_kind", "distance", "consistency"]
SUGGESTED = ["suggested_label", "suggested_quality"]
COPIES = ["duplicate_of", "duplicates"]


def weigh(path: Path, *options: object) -> pl.DataFrame:
    out = path.with_suffix(".w.parquet")
    result = curate("weight", path, "--graph", "none", "--out", out, "--overwrite", *options)
    assert result.exit_code == 0, result.output
    return pl.read_parquet(out)


def crawl(rows: int = 400, seed: int = 0) -> pl.DataFrame:
    """Features are sums of classes'; a fifth of the labels is missing, a fifth incorrect."""
    rng = np.random.default_rng(seed)
    centres = 3 * rng.normal(size=(len(NAMES), 24))
    true = [rng.permutation(len(NAMES))[: rng.integers(1, 4)] for _ in range(rows)]
    given = []
    for own in true:
        kept = own[rng.random(len(own)) >= 0.2]
        absent = rng.permutation(np.setdiff1d(np.arange(len(NAMES)), own))[: len(kept)]
        given.append(np.where(rng.random(len(kept)) < 0.2, absent, kept))
    x = np.array([centres[own].sum(axis=0) for own in true]) + rng.normal(size=(rows, 24))
    return pl.DataFrame(
        {
            "key": [f"k{row:04d}" for row in range(rows)],
            "label": pl.Series([[NAMES[c] for c in own] for own in given], dtype=LISTS),
            "truth": pl.Series([[NAMES[c] for c in own] for own in true], dtype=LISTS),
            "embedding": x.astype(np.float32),
        }
    )


LISTS = pl.List(pl.String)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("multilabel")
    crawl().write_parquet(folder / "crawl.parquet")
    weigh(folder / "crawl.parquet")
    return folder


@pytest.fixture(scope="module")
def weighted(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "crawl.w.parquet")


def test_lists_come_back_as_long_and_in_the_order_of_the_labels(weighted: pl.DataFrame) -> None:
    assert weighted.drop(*ALIGNED, *SUGGESTED, "status", *COPIES).equals(crawl())
    lengths = weighted["label"].list.len()
    for name in ALIGNED:
        assert weighted[name].list.len().equals(lengths, check_names=False), name
    assert weighted["weight"].dtype == pl.List(pl.Float32)
    assert weighted["label_quality"].dtype == pl.List(pl.Float32)
    assert weighted["suggested_label"].dtype == LISTS
    assert (
        weighted["suggested_quality"]
        .list.len()
        .equals(weighted["suggested_label"].list.len(), check_names=False)
    )
    assert weighted["status"].to_list() == ["ok"] * len(weighted)
    distance = np.array(weighted["distance"].explode(empty_as_null=False))
    expected = np.maximum(0, 1.2 - distance) ** 1.5
    np.testing.assert_allclose(weighted["weight"].explode(empty_as_null=False), expected, atol=1e-6)


def test_wrong_labels_and_missing_ones_are_found(weighted: pl.DataFrame) -> None:
    low, high, suggested, missing = [], [], [], 0
    for row in weighted.iter_rows(named=True):
        for label, quality in zip(row["label"], row["label_quality"], strict=True):
            (high if label in row["truth"] else low).append(quality)
        assert not set(row["suggested_label"]) & set(row["label"])
        suggested += [label in row["truth"] for label in row["suggested_label"]]
        missing += len(set(row["truth"]) - set(row["label"]))
    assert (np.array(low)[:, None] < np.array(high)[None]).mean() > 0.97
    assert np.mean(suggested) > 0.85
    assert sum(suggested) > 0.5 * missing


def test_the_summary_counts_labels(folder: Path) -> None:
    out = folder / "again.parquet"
    words = curate("weight", folder / "crawl.parquet", "--graph", "none", "--out", out).stdout
    labels = crawl()["label"].list.len()
    assert f"400 in 6 classes, with {labels.sum():,} labels" in words
    assert f"{(labels == 0).sum()} (no weights)" in words
    assert "labels that look missing" in words
    assert out.read_bytes() == (folder / "crawl.w.parquet").read_bytes()


def test_lists_of_one_label_give_the_numbers_of_single_labels(tmp_path: Path) -> None:
    rows = crawl().with_columns(pl.col("label").list.first())
    rows.write_parquet(tmp_path / "one.parquet")
    lists = pl.when(pl.col("label").is_not_null()).then(pl.concat_list("label"))
    rows.with_columns(lists.alias("label")).write_parquet(tmp_path / "lists.parquet")
    one, lists_of_one = weigh(tmp_path / "one.parquet"), weigh(tmp_path / "lists.parquet")
    labelled = one["label"].is_not_null()
    for name in ALIGNED:
        single = one[name].filter(labelled)
        assert lists_of_one[name].filter(labelled).list.first().equals(single), name
    assert set(lists_of_one["weight"].filter(~labelled).list.len()) == {0}


def test_no_labels_and_doubled_ones(tmp_path: Path) -> None:
    rows = crawl()
    labels = rows["label"].to_list()
    labels[0] = [None, "plum", "", "apple", "plum"]
    labels[1], labels[2], labels[3] = [], None, [None]
    odd = rows.with_columns(label=pl.Series(labels, dtype=LISTS))
    labels[0], labels[3] = ["apple", "plum"], None
    plain = rows.with_columns(label=pl.Series(labels, dtype=LISTS))
    odd.write_parquet(tmp_path / "odd.parquet")
    plain.write_parquet(tmp_path / "plain.parquet")
    after, expected = weigh(tmp_path / "odd.parquet"), weigh(tmp_path / "plain.parquet")
    assert after.select(odd.columns).equals(odd)
    for name in ALIGNED:
        nothing = 0 if name == "weight" else None
        apple, plum = expected[name][0]
        assert after[name][0].to_list() == [nothing, plum, nothing, apple, plum], name
        assert after[name][1:4].to_list() == [[], [], [nothing]]
    assert after[4:].drop(odd.columns).equals(expected[4:].drop(odd.columns))
    assert after.select(SUGGESTED).equals(expected.select(SUGGESTED))


def test_an_image_without_features_has_weights_of_0_and_no_suggestions(tmp_path: Path) -> None:
    rows = crawl()
    x = rows["embedding"].to_list()
    x[5] = None
    path = tmp_path / "crawl.parquet"
    rows.with_columns(embedding=pl.Series(x, dtype=pl.List(pl.Float32))).write_parquet(path)
    row = weigh(path).row(5, named=True)
    assert len(row["label"]) > 1
    assert row["weight"] == [0.0] * len(row["label"])
    assert row["label_quality"] == [None] * len(row["label"])
    assert (row["suggested_label"], row["suggested_quality"]) == (None, None)
    assert row["status"] == "missing"


def test_every_kind_of_list_gives_the_same(tmp_path: Path) -> None:
    rows = crawl().filter(pl.col("label").list.len() == 2)
    rows.write_parquet(tmp_path / "plain.parquet")
    expected = weigh(tmp_path / "plain.parquet")
    table = rows.to_arrow()
    at = table.schema.get_field_index("label")
    words = pa.array(rows["label"].to_list())
    codes = pa.array([[NAMES.index(name) for name in row] for row in rows["label"]])
    for name, column in {
        "list": words,
        "large": words.cast(pa.large_list(pa.string())),
        "fixed": words.cast(pa.list_(pa.string(), 2)),
        "numbers": codes,
        "dictionary": pa.ListArray.from_arrays(
            words.offsets, words.values.dictionary_encode()
        ),
    }.items():  # fmt: skip
        path = tmp_path / f"{name}.parquet"
        pq.write_table(table.set_column(at, "label", column), path, row_group_size=37)
        after = weigh(path)
        assert after["label_quality"].equals(expected["label_quality"]), name
        suggested = after["suggested_label"].to_list()
        if name == "numbers":
            suggested = [[NAMES[code] for code in codes] for codes in suggested]
        assert suggested == expected["suggested_label"].to_list()


def test_json_lines_go_in_and_out_with_lists(tmp_path: Path, weighted: pl.DataFrame) -> None:
    rows = crawl()
    path = tmp_path / "crawl.jsonl"
    rows.write_ndjson(path)
    assert curate("weight", path, "--graph", "none", "--slim").exit_code == 0
    text = (tmp_path / "crawl.weighted.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert list(lines[0]) == ["key", *(c for c in weighted.columns if c not in rows.columns)]
    for line, row in zip(lines, weighted.iter_rows(named=True), strict=True):
        assert line["weight"] == pytest.approx(row["weight"], abs=1e-4)
        assert line["suggested_label"] == row["suggested_label"]


def test_lists_in_tars(tmp_path: Path) -> None:
    rows = crawl(60)
    with tarfile.open(tmp_path / "0.tar", "w") as tar:
        for number, (key, label) in enumerate(rows.select("key", "label").iter_rows()):
            given = label[0] if len(label) == 1 and number % 2 else label
            for ending, data in (("jpg", b"x"), ("json", json.dumps({"label": given}).encode())):
                info = tarfile.TarInfo(f"{key}.{ending}")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    np.save(tmp_path / "x.npy", rows["embedding"].to_numpy().astype(np.float32))
    after = weigh(tmp_path / "0.tar", "--embeddings", tmp_path / "x.npy")
    assert after["label"].to_list() == rows["label"].to_list()
    assert after["weight"].list.len().equals(rows["label"].list.len(), check_names=False)


def test_csv_cannot_hold_lists(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "w.csv"
    for slim in ([], ["--slim"]):
        refused = curate("weight", folder / "crawl.parquet", "--out", out, *slim)
        assert refused.exit_code == 2
        assert "which a .csv file cannot hold; write .parquet or .jsonl" in refused.stderr
    path = tmp_path / "crawl.csv"
    path.write_text('image,label\na.png,"[""cat"", ""dog""]"\nb.png,"[""cat""]"\n')
    refused = curate("weight", path)
    assert refused.exit_code == 2
    assert """holds lists written as text, such as '["cat", "dog"]'""" in refused.stderr


def test_a_list_that_is_hardly_one_of_labels_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "crawl.parquet"
    rows = crawl(20).drop("label")
    rows.with_columns(label=pl.Series([list(range(300))] * 20)).write_parquet(path)
    refused = curate("weight", path, "--graph", "none")
    assert refused.exit_code == 2
    assert "row 1: column 'label' has 300 labels, and curate takes 256" in refused.stderr


def test_inspect_shows_an_image_with_its_worst_label(folder: Path, weighted: pl.DataFrame) -> None:
    path = folder / "crawl.w.parquet"
    pairs = weighted.select("key", "label", "label_quality").filter(pl.col("label").list.len() > 0)
    pairs = pairs.explode("label", "label_quality").sort("label_quality", "key")
    shown = curate("inspect", path, "--limit", 5)
    assert shown.exit_code == 0, shown.output
    for key, label, _ in pairs.unique("key", keep="first", maintain_order=True).head(5).iter_rows():
        assert any(key in line and label in line for line in shown.stdout.splitlines()), key
    shown = curate("inspect", path, "--limit", 5, "--class", "plum").stdout
    for key in pairs.filter(pl.col("label") == "plum")["key"].head(5):
        assert any(key in line and "plum" in line for line in shown.splitlines())


def test_hugging_face_metadata_describes_lists(tmp_path: Path) -> None:
    features = {"label": {"feature": {"dtype": "string", "_type": "Value"}, "_type": "Sequence"}}
    metadata = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    path = tmp_path / "crawl.parquet"
    pq.write_table(crawl().to_arrow().replace_schema_metadata(metadata), path)
    weigh(path)
    written = pq.read_schema(path.with_suffix(".w.parquet")).metadata[b"huggingface"]
    described = json.loads(written)["info"]["features"]
    value = {"dtype": "float32", "_type": "Value"}
    assert described["weight"] == {"feature": value, "_type": "Sequence"}


def test_classes_and_graphs_take_lists(folder: Path, tmp_path: Path) -> None:
    classes, edges = tmp_path / "classes.csv", tmp_path / "edges.csv"
    classes.write_text("label,name\nplum,Plum\n")
    edges.write_text("child,parent\n" + "".join(f"{name},fruit\n" for name in NAMES))
    options = ("--graph", f"hierarchy:{edges}", "--classes", classes, "--run-dir", tmp_path / "run")
    shown = curate("graph", folder / "crawl.parquet", *options)
    assert shown.exit_code == 0, shown.output
    table = pl.read_csv(tmp_path / "run" / "classes.csv")
    assert table["label"].to_list() == list(NAMES)
    counts = crawl()["label"].explode(empty_as_null=False).value_counts().sort("label")["count"]
    assert table["rows"].to_list() == counts.to_list()


@pytest.mark.parametrize(
    "option",
    [
        ("--soft-labels", 2),
        ("--caption-agreement",),
        ("--zero-shot",),
        ("--verified", "verified.csv"),
        ("--encoder", "embedded+self"),
    ],
)
def test_what_takes_one_label_for_each_image_says_so(
    folder: Path, tmp_path: Path, option: tuple[object, ...]
) -> None:
    run = ("--run-dir", tmp_path / "run", "--out", tmp_path / "out.parquet")
    result = curate("weight", folder / "crawl.parquet", *option, *run)
    assert result.exit_code == 2
    assert "takes one label for each image, and column 'label'" in " ".join(result.stderr.split())
