"""The options of `curate weight` that change Eq. 4 and 5, and --verified, as a user gives them."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner, Result

from cli import app

NAMES = ("apple", "banana", "plum")


def crawl(folder: Path, rows: int = 300, **columns: object) -> Path:
    """Classes of two kinds of image; every fifth label is wrong, and the key says what is right."""
    rng = np.random.default_rng(0)
    true = np.arange(rows) % 3
    given = np.where(np.arange(rows) % 5 == 0, (true + 1) % 3, true)
    kind = 3 + true * 2 + np.arange(rows) // 3 % 2
    features = rng.normal(size=(rows, 12)) / 2 + 2 * np.eye(12)[true] + 2 * np.eye(12)[kind]
    table = pl.DataFrame(
        {
            "key": [f"{row}-{NAMES[label]}" for row, label in enumerate(true)],
            "label": [NAMES[label] for label in given],
            "embedding": features.astype(np.float32),
        }
    )
    path = folder / "crawl.parquet"
    table.with_columns(pl.Series(name, values) for name, values in columns.items()).write_parquet(
        path
    )
    return path


def weigh(path: Path, *options: object) -> Result:
    arguments = ["weight", str(path), "--graph", "none", "--overwrite", *map(str, options)]
    return CliRunner().invoke(app, arguments)


def weighted(path: Path, *options: object) -> pl.DataFrame:
    result = weigh(path, *options)
    assert result.exit_code == 0, result.output
    return pl.read_parquet(path.with_suffix(".weighted.parquet"))


def refusal(path: Path, *options: object) -> str:
    result = weigh(path, *options)
    assert result.exit_code == 2, result.output
    (sentence,) = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    return sentence


def receipts(path: Path, step: str) -> set[Path]:
    return set(path.with_name("crawl.parquet.curate").glob(f"{step}/**/receipt.json"))


@pytest.mark.parametrize(
    "options",
    [
        ("--psi", "l2"),
        ("--prototypes", "constant"),
        ("--rounds", 3),
        ("--prototypes-per-class", 2),
        ("--epsilon", 0.5, "--gamma", 1),
        ("--tau-v", 0.3, "--tau-t", 0.2),
        ("--psi", "l2", "--prototypes", "constant", "--prototypes-per-class", 3),
        ("--gamma", 26, "--prototypes-per-class", 3),
        ("--epsilon", 1e30),
    ],
)
def test_every_option_finds_the_wrong_labels_and_redoes_what_depends_on_it(
    tmp_path: Path, options: tuple[object, ...]
) -> None:
    path = crawl(tmp_path)
    before = weighted(path)
    spaces, prototypes = receipts(path, "space"), receipts(path, "prototypes")
    after = weighted(path, *options)
    assert receipts(path, "space") == spaces
    assert len(receipts(path, "prototypes") - prototypes) == 1
    assert not after["distance"].equals(before["distance"])
    numbers = after.select("weight", "label_quality", "distance", "consistency")
    assert numbers.select(pl.all().is_finite().all()).row(0) == (True,) * 4
    wrong = pl.col("key").str.split("-").list.last() != pl.col("label")
    quality = after.select("label_quality", wrong=wrong).group_by("wrong").mean().sort("wrong")
    assert quality["label_quality"][0] > quality["label_quality"][1] + 0.5
    assert weighted(path).equals(before)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--psi", "l1"), "--psi l1: it must be one of softmax, l2"),
        (("--prototypes", "mean"), "--prototypes mean: it must be one of weighted, constant"),
        (("--verified-use", "all"), "--verified-use all: it must be one of both, only"),
        (("--verified-use", "only"), "name the verified rows with --verified FILE"),
        (("--epsilon", 0), "--epsilon 0.0 is not a number above 0"),
        (("--alpha", 100, "--beta", 50), "give a --beta of at most 17.4"),
        (("--tau-v", -1), "--tau-v -1.0 is not a number above 0"),
        (("--psi", "l2", "--tau-t", 1), "--tau-t 1.0 is the temperature of a softmax"),
        (("--rounds", 0), "--rounds 0: it must be from 1 to 20"),
        (("--rounds", 2, "--prototypes", "constant"), "--prototypes constant has none"),
        (("--prototypes-per-class", 0), "--prototypes-per-class 0: it must be from 1 to 64"),
    ],
)
def test_an_option_that_cannot_be(tmp_path: Path, options: tuple[object, ...], words: str) -> None:
    assert words in refusal(crawl(tmp_path), *options)


def verify(path: Path, rows: int = 60, name: str = "verified.parquet") -> Path:
    """Write the true labels of the first rows, and none for one of them."""
    keys = pl.read_parquet(path)["key"][:rows]
    table = pl.DataFrame({"key": keys, "label": [key.split("-")[1] for key in keys]})
    table = table.with_columns(pl.when(pl.col("key") != keys[min(4, rows - 1)]).then("label"))
    file = path.with_name(name)
    if file.suffix == ".parquet":
        table.write_parquet(file)
    elif file.suffix == ".csv":
        table.write_csv(file)
    else:
        table.write_ndjson(file)
    return file


def test_verified_labels_make_prototypes_and_change_no_column_of_the_manifest(
    tmp_path: Path,
) -> None:
    path = crawl(tmp_path)
    before = weighted(path)
    for use in ("both", "only"):
        after = weighted(path, "--verified", verify(path), "--verified-use", use)
        assert after.select("key", "label").equals(before.select("key", "label"))
        assert not after["distance"].equals(before["distance"])
        wrong = after.filter(pl.col("key").str.split("-").list.last() != pl.col("label"))
        assert wrong["label_quality"].median() < 0.2
    assert weighted(path).equals(before)


def test_a_table_of_any_form_says_the_same_and_another_table_something_else(
    tmp_path: Path,
) -> None:
    path = crawl(tmp_path)
    first = weighted(path, "--verified", verify(path))
    count = len(receipts(path, "prototypes"))
    for name in ("verified.csv", "verified.jsonl"):
        assert weighted(path, "--verified", verify(path, name=name)).equals(first)
    assert len(receipts(path, "prototypes")) == count
    assert not weighted(path, "--verified", verify(path, 30)).equals(first)


def test_keys_may_be_whole_numbers_and_columns_have_the_manifests_names(tmp_path: Path) -> None:
    path = crawl(tmp_path, uid=range(300))
    pl.read_parquet(path).drop("key").rename({"label": "class"}).write_parquet(path)
    file = tmp_path / "verified.csv"
    file.write_text("uid,class\n0,apple\n1,banana\n2,plum\n")
    result = weigh(path, "--verified", file)
    assert result.exit_code == 0, result.output
    assert "--verified" not in result.stderr


def test_what_cannot_be_used_of_the_verified_is_said_in_a_sentence(tmp_path: Path) -> None:
    path = crawl(tmp_path)
    file = tmp_path / "verified.csv"
    file.write_text(
        "key,label\n0-apple,apple\n3-apple,apple\n3-apple,apple\n1-banana,banana\n1-banana,plum\n"
        "4-banana, Banana\nnowhere,plum\n6-apple,\n"
    )
    result = weigh(path, "--verified", file, "--verified-use", "only")
    assert result.exit_code == 0, result.output
    said = " ".join(result.stderr.split())
    for words in (
        "keys with contradicting labels, such as '1-banana', are left out: 1.",
        "keys that are not in the manifest, such as 'nowhere', are left out: 1.",
        "labels that differ from a class in blanks, Unicode form or case only, such as ' Banana'",
        "1 of 3 classes, such as 'plum'; their prototypes come from the labels of the crawl",
    ):
        assert words in said, words


def test_verified_tables_that_cannot_be_used(tmp_path: Path) -> None:
    path, file = crawl(tmp_path), tmp_path / "verified.csv"
    assert "--verified" in refusal(path, "--verified", file)
    file.write_text("name,label\na,apple\n")
    assert "has columns name, label; it needs key" in refusal(path, "--verified", file)
    file.write_text("key,label\na,apple\nb,plum\n")
    assert "has no row with a key" in refusal(path, "--verified", file)
    file.write_text("key,label\n0-apple,\n")
    assert "all rows that count show none of the classes" in refusal(path, "--verified", file)
    words = refusal(path, "--verified", verify(path), "--key", "none")
    assert "has no column 'row', and" in words
    assert "has no key column; name it with --key, or call numbers of rows, from 0, 'row'" in words
    lists = tmp_path / "lists.parquet"
    pl.DataFrame({"key": ["0-apple"], "label": [["apple", "plum"]]}).write_parquet(lists)
    assert "rows with several labels" in refusal(path, "--verified", lists)
    lists.write_text("no table")
    assert "cannot be read" in refusal(path, "--verified", lists)


def test_three_verified_rows_are_enough(tmp_path: Path) -> None:
    path = crawl(tmp_path)
    for use in ("both", "only"):
        rows = weighted(path, "--verified", verify(path, 3), "--verified-use", use)
        assert rows["weight"].is_finite().all()
        assert rows["label_quality"].is_between(0, 1).all()


@pytest.mark.parametrize(("gamma", "epsilon", "most"), [(30, 0.05, "26.7"), (8, 1e-6, "5.79")])
def test_p_beyond_what_its_column_holds_is_refused(
    tmp_path: Path, gamma: float, epsilon: float, most: str
) -> None:
    sentence = refusal(crawl(tmp_path), "--gamma", gamma, "--epsilon", epsilon)
    assert f"--gamma {gamma:g} with --epsilon {epsilon:g}" in sentence
    assert f"at most {most}" in sentence


def test_constant_prototypes_leave_wrong_labels_without_weight(tmp_path: Path) -> None:
    found = weighted(crawl(tmp_path), "--prototypes", "constant")
    right = found["key"].str.split("-").list.last() == found["label"]
    assert found.filter(~right)["weight"].mean() < 0.1  # type: ignore[operator]
    assert found.filter(right)["weight"].mean() > 0.2  # type: ignore[operator]


@pytest.mark.parametrize("features", [[0.5, 0.5], [1.0] * 12, [0.3, -0.1, 0.7]])
def test_features_that_are_all_the_same_are_refused(tmp_path: Path, features: list[float]) -> None:
    path = crawl(tmp_path, 300, embedding=[features] * 300)
    assert "all images have the same features" in refusal(path)


def test_one_class_larger_than_all_others_is_named(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    true = np.where(np.arange(600) % 20 == 0, 1 + np.arange(600) // 20 % 2, 0)
    features = rng.normal(size=(600, 12)) / 2 + 4 * np.eye(12)[true]
    labels = [NAMES[label] for label in true]
    path = crawl(tmp_path, 600, label=labels, embedding=features.astype(np.float32).tolist())
    result = weigh(path)
    assert "'apple' has 95% of the images" in " ".join(result.stdout.split())
    flagged = pl.read_parquet(path.with_suffix(".weighted.parquet"))["is_label_issue"]
    assert flagged.mean() < 0.01  # type: ignore[operator]


def test_an_image_alone_in_its_class_does_not_weigh_most(tmp_path: Path) -> None:
    labels = ["lonely", "pair", "pair", *[NAMES[row % 3] for row in range(3, 300)]]
    found = weighted(crawl(tmp_path, label=labels))
    assert found["weight"][:3].to_list() == pytest.approx([found["weight"][3:].mean()] * 3)
