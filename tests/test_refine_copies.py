"""`curate refine` gives one picture one label, whatever its copies were given."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from .crawls import done

CLASSES, ROWS, D = 4, 500, 12
PICTURE = pl.coalesce("duplicate_of", "key")
OF_PICTURE = ("refined_label", "refined_probability", "refined_classes", "refined_probabilities")


def draw() -> pl.DataFrame:
    """Draw rows, a third of them wrong; copies of 120 have another label, of 40 the same or none.

    The first picture is all over the crawl, with each label.
    """
    rng = np.random.default_rng(3)
    true = rng.integers(0, CLASSES, ROWS)
    x = 1.2 * np.eye(CLASSES, D)[true] + rng.normal(size=(ROWS, D)) / 2
    given = np.where(rng.random(ROWS) < 0.33, (true + 1) % CLASSES, true)
    source = np.concatenate([np.arange(120), np.arange(20), np.arange(120, 160), np.zeros(12, int)])
    labels: list[int | None] = [*given, *((given[:140] + 1 + np.arange(140) % 2) % CLASSES)]
    labels[ROWS + 120 : ROWS + 140] = ((given[:20] + 3) % CLASSES).tolist()
    labels += [given[row] if row % 2 else None for row in range(120, 160)]
    labels += [*range(CLASSES)] * 3
    near = x[source] * (1 + 1e-4 * rng.normal(size=(len(source), 1)))
    return pl.DataFrame(
        {
            "key": [f"k{row}" for row in range(ROWS + len(source))],
            "label": [None if label is None else f"c{label}" for label in labels],
            "embedding": np.concatenate([x, near]).astype(np.float32),
            "true": [f"c{label}" for label in true[np.append(np.arange(ROWS), source)]],
        },
        schema_overrides={"embedding": pl.List(pl.Float32)},
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, rows = tmp_path_factory.mktemp("refined"), draw()
    rows.write_parquet(folder / "crawl.parquet")
    answered = rows[:ROWS].sample(200, seed=0)
    # Of a picture that is verified twice, the answers contradict each other.
    against = rows.filter(pl.col("key") == f"k{ROWS + 1}").with_columns(true=pl.lit("c9"))
    one = rows.filter(pl.col("key") == "k1")
    answered = pl.concat([answered.filter(pl.col("key") != "k1"), one])
    answered.select("key", label="true").write_parquet(folder / "v.parquet")
    twice = pl.concat([answered, against.with_columns(true=pl.lit("c0"))])
    twice.select("key", label="true").write_parquet(folder / "twice.parquet")
    done("weight", folder / "crawl.parquet", "--graph", "none")
    return folder


def refined(folder: Path, head: str, verified: str = "v.parquet") -> pl.DataFrame:
    out = folder / f"{head}.parquet"
    done(
        "refine", folder / "crawl.weighted.parquet", "--verified", folder / verified, "--head",
        head, "--epochs", 3, "--out", out, "--overwrite",
    )  # fmt: skip
    return pl.read_parquet(out)


@pytest.mark.parametrize("head", ["stack", "xiao", "hu", "nmn", "sukhbaatar"])
def test_one_picture_has_one_refined_label(folder: Path, head: str) -> None:
    found = refined(folder, head)
    copied = found.filter(pl.col("duplicates") > 1)
    assert copied.group_by(PICTURE).agg(pl.col("label").n_unique() > 1)["label"].sum() > 100
    each = copied.group_by(PICTURE).agg(pl.col(OF_PICTURE).n_unique())
    for column in OF_PICTURE:
        assert (each[column] == 1).all(), column
    likeliest = copied["refined_classes"].list.first(), copied["refined_probabilities"].list.first()
    assert (likeliest[0] == copied["refined_label"]).all()
    assert (likeliest[1] == copied["refined_probability"]).all()
    np.testing.assert_allclose(copied["refined_probabilities"].list.sum(), 1, atol=1e-4)


def test_what_a_person_said_of_a_picture_is_true_of_all_its_copies(folder: Path) -> None:
    found = refined(folder, "stack").with_columns(picture=PICTURE)
    answers = pl.read_parquet(folder / "v.parquet").rename({"label": "answer"})
    of = found.join(answers, on="key").select("picture", "answer")
    told = found.join(of, on="picture")
    assert len(told) > 250
    assert (told["refined_label"] == told["answer"]).all()


def test_where_answers_contradict_each_other_the_picture_still_has_one_label(folder: Path) -> None:
    found = refined(folder, "stack", "twice.parquet").filter(PICTURE == "k1")
    assert len(found) == 3
    assert found["refined_label"].n_unique() == 1


def test_types_of_noise_agree_with_the_refined_label(folder: Path) -> None:
    found = refined(folder, "xiao")
    answered = pl.read_parquet(folder / "v.parquet")["key"].implode()
    names = ("noise_free", "noise_random", "noise_confusing")
    copied = found.filter(pl.col("duplicates") > 1, pl.col("label").is_not_null())
    np.testing.assert_allclose(copied.select(pl.sum_horizontal(names)), 1, atol=1e-4)
    other = copied.filter(
        pl.col("label") != pl.col("refined_label"),
        ~PICTURE.is_in(answered),
        pl.col("refined_probability") < 1,
    )
    assert len(other) > 50
    assert (other["noise_free"] <= 1 - other["refined_probability"] + 1e-4).all()


def test_types_of_noise_agree_with_what_a_person_said(folder: Path) -> None:
    found = refined(folder, "xiao").with_columns(picture=PICTURE)
    answers = pl.read_parquet(folder / "v.parquet").rename({"label": "answer"})
    of = found.join(answers, on="key").select("picture", "answer")
    told = found.join(of, on="picture").filter(pl.col("label").is_not_null())
    right = told.filter(pl.col("label") == pl.col("answer"))
    wrong = told.filter(pl.col("label") != pl.col("answer"))
    assert min(len(right), len(wrong)) > 80
    np.testing.assert_allclose(right["noise_free"], 1, atol=1e-6)
    np.testing.assert_allclose(wrong["noise_free"], 0, atol=1e-6)
    np.testing.assert_allclose(wrong["noise_random"] + wrong["noise_confusing"], 1, atol=1e-6)


def test_labels_of_different_copies_are_right_more_often_than_those_of_each_alone(
    folder: Path,
) -> None:
    found = refined(folder, "stack")
    answered = pl.read_parquet(folder / "v.parquet")["key"].implode()
    rest = found.filter(pl.col("duplicates") > 1, ~PICTURE.is_in(answered))
    right = rest.select((pl.col(name) == pl.col("true")).mean() for name in OF_PICTURE[:1])
    assert right.item() > (rest["label"] == rest["true"]).mean() + 0.1
