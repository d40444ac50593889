"""`curate weight` as a user runs it, on small crawls of coloured pictures."""

import io
import json
import re
import tarfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import Result

from tests.crawls import curate, png

COLOURS = {"apple": (200, 30, 30), "banana": (220, 210, 40), "plum": (90, 20, 120)}
NAMES = tuple(COLOURS)
OURS = [
    "weight", "label_quality", "suggested_label", "suggested_quality", "is_label_issue",
    "issue_kind", "distance", "consistency", "status", "duplicate_of",
    "duplicates",
]  # fmt: skip


def picture(label: str, rng: np.random.Generator) -> bytes:
    pixels = np.array(COLOURS[label]) + rng.normal(0, 12, (24, 24, 3)) + rng.normal(0, 8, 3)
    return png(pixels)


def crawl(rows: int = 120, seed: int = 0) -> pl.DataFrame:
    """Every tenth label is wrong; the truth is in the key."""
    rng = np.random.default_rng(seed)
    truth = [NAMES[row % 3] for row in range(rows)]
    given = [NAMES[(row + 1) % 3] if row % 10 == 0 else truth[row] for row in range(rows)]
    return pl.DataFrame(
        {
            "key": [f"{row:05d}-{label}" for row, label in enumerate(truth)],
            "image": [picture(label, rng) for label in truth],
            "label": given,
        }
    )


def weigh(path: Path, *options: object) -> Result:
    result = curate("weight", path, "--encoder", "embedded", "--workers", 2, *options)
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture(scope="module")
def weighted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crawl")
    crawl().write_parquet(folder / "crawl.parquet")
    weigh(folder / "crawl.parquet")
    return folder


def test_every_row_comes_back_once_in_order_with_its_columns_unchanged(weighted: Path) -> None:
    before = pl.read_parquet(weighted / "crawl.parquet")
    after = pl.read_parquet(weighted / "crawl.weighted.parquet")
    assert after.columns == [*before.columns, *OURS]
    assert after.select(before.columns).equals(before)
    assert after["weight"].dtype == pl.Float32
    assert after["weight"].is_finite().all()
    assert (after["weight"] >= 0).all()
    assert after["label_quality"].is_between(0, 1).all()
    assert set(after["status"]) == {"ok"}


def test_wrong_labels_are_found_and_the_right_ones_suggested(weighted: Path) -> None:
    rows = pl.read_parquet(weighted / "crawl.weighted.parquet")
    truth = pl.col("key").str.split("-").list.last()
    wrong = rows.filter(truth != pl.col("label"))
    right = rows.filter(truth == pl.col("label"))
    assert wrong["label_quality"].max() < right["label_quality"].min()
    assert wrong["weight"].max() < right["weight"].median()
    assert wrong["is_label_issue"].all()
    assert wrong.select((truth == pl.col("suggested_label")).all()).item()


def test_the_weight_is_equation_6_of_the_distance(weighted: Path) -> None:
    rows = pl.read_parquet(weighted / "crawl.weighted.parquet")
    expected = np.maximum(0, 1.2 - rows["distance"].to_numpy()) ** 1.5
    np.testing.assert_allclose(rows["weight"].to_numpy(), expected, atol=1e-6)


def test_the_run_folder_tells_what_was_done(weighted: Path) -> None:
    run = weighted / "crawl.parquet.curate"
    facts = json.loads((run / "run.json").read_text())
    assert facts["options"]["alpha"] == 1.2
    assert "numpy" in facts["versions"]
    classes = pl.read_csv(run / "classes.csv")
    assert classes["label"].to_list() == list(NAMES)
    assert classes["synset"].to_list() == ["apple.n.01", "banana.n.02", "plum.n.02"]


def test_the_same_command_reuses_everything_and_writes_the_same_bytes(weighted: Path) -> None:
    out = weighted / "crawl.weighted.parquet"
    before = out.read_bytes()
    stamps = _stamps(weighted / "crawl.parquet.curate")
    weigh(weighted / "crawl.parquet", "--overwrite")
    assert out.read_bytes() == before
    assert _stamps(weighted / "crawl.parquet.curate") == stamps


def test_another_alpha_redoes_only_the_weights(weighted: Path) -> None:
    stamps = _stamps(weighted / "crawl.parquet.curate")
    out = weighted / "other.parquet"
    weigh(weighted / "crawl.parquet", "--alpha", 0.9, "--out", out)
    after = _stamps(weighted / "crawl.parquet.curate")
    assert {file: after[file] for file in stamps} == stamps
    assert {Path(file).parent.parent.name for file in after.keys() - stamps} == {"work"}
    other, first = pl.read_parquet(out), pl.read_parquet(weighted / "crawl.weighted.parquet")
    assert (other["weight"] <= first["weight"]).all()
    assert other["weight"].sum() < first["weight"].sum()
    assert other.drop("weight").equals(first.drop("weight"))


def _stamps(run: Path) -> dict[str, int]:
    return {str(f): f.stat().st_mtime_ns for f in run.rglob("*") if f.name == "receipt.json"}


def test_the_output_ends_with_a_summary_and_the_next_command(weighted: Path) -> None:
    out = weighted / "again.parquet"
    words = weigh(weighted / "crawl.parquet", "--out", out).stdout
    for said in ("120 in 3 classes", "labels that look wrong", "weight 0", "Classes that suffer"):
        assert said in words
    assert f"Written: {out}" in words
    assert f"curate inspect {out}" in words
    assert "\x1b" not in words


def test_slim_writes_the_key_and_our_columns(weighted: Path) -> None:
    out = weighted / "slim.parquet"
    weigh(weighted / "crawl.parquet", "--slim", "--out", out)
    assert pl.read_parquet(out).columns == ["key", *OURS]
    weigh(weighted / "crawl.parquet", "--slim", "--key", "none", "--out", out, "--overwrite")
    rows = pl.read_parquet(out)
    assert rows.columns == ["row", *OURS]
    assert rows["row"].to_list() == list(range(120))


def test_a_prefix_makes_room_for_a_column_of_the_users(tmp_path: Path) -> None:
    path = tmp_path / "crawl.parquet"
    crawl(30).with_columns(weight=pl.lit(7.0)).write_parquet(path)
    weigh(path, "--graph", "none", "--prefix", "curate_")
    rows = pl.read_parquet(tmp_path / "crawl.weighted.parquet")
    assert set(rows["weight"]) == {7.0}
    assert [f"curate_{name}" for name in OURS] == rows.columns[-len(OURS) :]


def test_rows_that_fail_stay_in_place_with_weight_0_and_can_be_retried(tmp_path: Path) -> None:
    rows = crawl(60)
    names = []
    for key, image in rows.select("key", "image").iter_rows():
        names.append(f"{key}.png")
        (tmp_path / names[-1]).write_bytes(image)
    bad = {3: b"", 7: b"<html>not found</html>", 11: rows["image"][11][:90]}
    for row, data in bad.items():
        (tmp_path / names[row]).write_bytes(data)
    (tmp_path / names[15]).unlink()
    path = tmp_path / "crawl.csv"
    rows.with_columns(image=pl.Series([*names[:20], "", *names[21:]])).write_csv(path)
    out = tmp_path / "w.parquet"
    weigh(path, "--graph", "none", "--out", out)

    after = pl.read_parquet(out)
    assert after["key"].to_list() == rows["key"].to_list()
    failed = after.with_row_index("row").filter(pl.col("status") != "ok")
    assert dict(failed.select("row", "status").iter_rows()) == {
        3: "empty", 7: "not_image", 11: "truncated", 15: "missing", 20: "missing",
    }  # fmt: skip
    assert failed["weight"].to_list() == [0.0] * 5
    for name in set(OURS) - {"weight", "status"}:
        assert failed[name].is_null().all(), name

    for row in (3, 7, 11, 15):
        (tmp_path / names[row]).write_bytes(rows["image"][row])
    weigh(path, "--graph", "none", "--out", out, "--overwrite")
    mended = pl.read_parquet(out)
    assert (mended["status"] != "ok").arg_true().to_list() == [20]
    weigh(path, "--graph", "none", "--out", out, "--overwrite", "--retry-failed")
    assert pl.read_parquet(out).equals(mended)

    whole = tmp_path / "whole.parquet"
    weigh(path, "--graph", "none", "--out", whole, "--run-dir", tmp_path / "fresh")
    np.testing.assert_allclose(
        mended["label_quality"].fill_null(0), pl.read_parquet(whole)["label_quality"].fill_null(0),
        atol=1e-3,
    )  # fmt: skip


def test_many_failures_are_said_first_with_the_reason_and_examples(tmp_path: Path) -> None:
    path = tmp_path / "crawl.parquet"
    rows = crawl(60).with_row_index("row")
    rows = rows.with_columns(image=pl.when(pl.col("row") % 5 == 4).then(b"").otherwise("image"))
    rows.drop("row").write_parquet(path)
    first = weigh(path, "--graph", "none").stdout.splitlines()[0]
    assert first.startswith("12 of 60 rows (20%) have no features")
    assert "empty (12 rows, such as row 5, row 10, row 15)" in first
    assert "--retry-failed" in first


def test_rows_without_a_label_weigh_0_and_get_a_suggestion(tmp_path: Path) -> None:
    path = tmp_path / "crawl.parquet"
    rows = crawl(60).with_row_index("row")
    rows = rows.with_columns(label=pl.when(pl.col("row") != 4).then("label"))
    rows.drop("row").write_parquet(path)
    weigh(path, "--graph", "none")
    row = pl.read_parquet(tmp_path / "crawl.weighted.parquet").row(4, named=True)
    assert (row["weight"], row["label_quality"], row["suggested_label"]) == (0, None, "banana")


@pytest.mark.parametrize("kind", ["int", "categorical"])
def test_suggestions_have_the_type_of_the_labels(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "crawl.parquet"
    rows = crawl(60)
    label = (
        rows["label"].replace_strict(list(NAMES), [10, 20, 30], return_dtype=pl.Int16)
        if kind == "int"
        else rows["label"].cast(pl.Categorical)
    )
    rows.with_columns(label=label).write_parquet(path)
    weigh(path, "--graph", "none")
    after = pl.read_parquet(tmp_path / "crawl.weighted.parquet")
    assert after["suggested_label"].dtype == (pl.Int16 if kind == "int" else pl.String)
    assert set(after["suggested_label"]) == set(label.cast(after["suggested_label"].dtype))


def test_a_class_with_one_sample_is_not_judged_and_weighs_the_mean(tmp_path: Path) -> None:
    path = tmp_path / "crawl.parquet"
    rows = crawl(60).with_row_index("row")
    label = pl.when(pl.col("row") == 7).then(pl.lit("alone")).otherwise("label")
    rows.with_columns(label=label).drop("row").write_parquet(path)
    words = " ".join(weigh(path, "--graph", "none").stdout.split())
    assert "not judged 1, of 1 class with fewer than 4 different images (such as alone)" in words
    after = pl.read_parquet(tmp_path / "crawl.weighted.parquet")
    numbers = after.select("weight", "label_quality", "distance", "consistency")
    assert numbers.row(7)[1:] == (None, None, None)
    assert numbers["weight"][7] == pytest.approx(numbers.drop_nulls()["weight"].mean())
    assert numbers.drop_nulls().select(pl.all().is_finite().all()).row(0) == (True,) * 4
    assert numbers.drop_nulls().height == 59


def test_a_class_that_is_in_no_graph_is_named_and_weighed(tmp_path: Path) -> None:
    path = tmp_path / "crawl.parquet"
    rows = crawl(60).with_columns(pl.col("label").replace("plum", "SKU-1234"))
    rows.write_parquet(path)
    result = weigh(path)
    assert "Not in WordNet: SKU-1234" in result.stderr
    after = pl.read_parquet(tmp_path / "crawl.weighted.parquet")
    assert (after.filter(pl.col("label") == "SKU-1234")["weight"] > 0).mean() > 0.5


def test_a_class_file_sets_the_sense(tmp_path: Path) -> None:
    path = tmp_path / "crawl.parquet"
    crawl(60).write_parquet(path)
    classes = tmp_path / "classes.csv"
    classes.write_text("label,synset\nplum,plum.n.01\n")
    weigh(path, "--classes", classes)
    table = pl.read_csv(tmp_path / "crawl.parquet.curate" / "classes.csv")
    row = table.filter(pl.col("label") == "plum").row(0, named=True)
    assert (row["synset"], row["chosen"]) == ("plum.n.01", "overridden")


def test_names_of_classes_stand_beside_labels_that_are_ids(tmp_path: Path) -> None:
    crawl(60).write_parquet(tmp_path / "crawl.parquet")
    classes = tmp_path / "classes.csv"
    classes.write_text('label,name\nplum,"Prunus, a tree"\n')
    words = weigh(tmp_path / "crawl.parquet", "--classes", classes).stdout
    assert re.search("^plum Prunus  +[0-9]", words, re.MULTILINE)


def test_all_forms_of_a_crawl_give_the_same_scores(tmp_path: Path, weighted: Path) -> None:
    rows = crawl()
    expected = pl.read_parquet(weighted / "crawl.weighted.parquet").select("key", "label_quality")

    folder = tmp_path / "folder"
    tars = tmp_path / "tars"
    tars.mkdir()
    with tarfile.open(tars / "00000.tar", "w") as tar:
        for key, image, label in rows.iter_rows():
            (folder / label).mkdir(parents=True, exist_ok=True)
            (folder / label / f"{key}.png").write_bytes(image)
            for ending, data in (("png", image), ("cls", label.encode())):
                info = tarfile.TarInfo(f"{key}.{ending}")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    paths = rows.with_columns(image=pl.format("folder/{}/{}.png", "label", "key"))
    paths.write_csv(tmp_path / "paths.csv")
    paths.write_ndjson(tmp_path / "paths.jsonl")
    structs = pl.struct(bytes=pl.col("image"), path=pl.lit(None, pl.String))
    rows.with_columns(image=structs).write_parquet(tmp_path / "structs.parquet")

    for form in ("folder", "tars", "paths.csv", "paths.jsonl", "structs.parquet"):
        out = tmp_path / f"{form}.weighted.parquet"
        weigh(tmp_path / form, "--out", out)
        after = pl.read_parquet(out).select(
            pl.col("key").str.replace(r"^.*/", "").str.replace(".png", "", literal=True),
            "label_quality",
        )
        both = expected.join(after, on="key", how="left", validate="1:1")
        np.testing.assert_allclose(
            both["label_quality"], both["label_quality_right"], atol=2e-4, err_msg=form
        )


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_text_manifest_is_written_back_as_text(tmp_path: Path, ending: str) -> None:
    names = []
    for key, image in crawl(30).select("key", "image").iter_rows():
        names.append(f"{key}.png")
        (tmp_path / names[-1]).write_bytes(image)
    table = crawl(30).with_columns(image=pl.Series(names), zip=pl.lit("007"))
    path = tmp_path / f"crawl.{ending}"
    if ending == "csv":
        table.write_csv(path)
    else:
        table.write_ndjson(path)
    weigh(path, "--graph", "none")
    out = tmp_path / f"crawl.weighted.{ending}"
    after = pl.read_csv(out, infer_schema_length=0) if ending == "csv" else pl.read_ndjson(out)
    assert after.select(table.columns).equals(table)
    assert after.columns == [*table.columns, *OURS]


def test_precomputed_embeddings_need_no_pictures(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = crawl(90).drop("image")
    truth = rows["key"].str.split("-").list.last()
    centres = {name: rng.normal(size=16) for name in NAMES}
    features = np.array([centres[name] + 0.3 * rng.normal(size=16) for name in truth])
    features[5, 3] = np.nan
    features[8] = 0
    path = tmp_path / "column.parquet"
    rows.with_columns(embedding=features.astype(np.float32)).write_parquet(path)
    assert curate("weight", path, "--graph", "none").exit_code == 0
    column = pl.read_parquet(tmp_path / "column.weighted.parquet")
    assert (column["status"][5], column["status"][8]) == ("not_finite", "missing")
    wrong = column["label"] != truth
    assert column.filter(wrong)["label_quality"].max() < column.filter(~wrong)[
        "label_quality"
    ].quantile(0.05)

    clip = tmp_path / "clip"
    for name in ("img_emb", "metadata"):
        (clip / name).mkdir(parents=True)
    for part, span in enumerate((slice(0, 50), slice(50, 90))):
        np.save(clip / "img_emb" / f"img_emb_{part}.npy", features[span].astype(np.float16))
        rows[span].write_parquet(clip / "metadata" / f"metadata_{part}.parquet")
    rows.write_csv(tmp_path / "rows.csv")
    assert curate("weight", clip, "--graph", "none").exit_code == 0
    table = tmp_path / "rows.csv"
    assert curate("weight", table, "--graph", "none", "--embeddings", clip).exit_code == 0
    alone = pl.read_parquet(tmp_path / "clip.weighted.parquet")
    joined = pl.read_csv(tmp_path / "rows.weighted.csv")
    np.save(tmp_path / "x.npy", features)
    file, out = tmp_path / "x.npy", tmp_path / "file.parquet"
    done = curate("weight", table, "--graph", "none", "--embeddings", file, "--out", out)
    assert done.exit_code == 0
    for other in (alone, joined, pl.read_parquet(out)):
        np.testing.assert_allclose(
            column["label_quality"].fill_null(0), other["label_quality"].fill_null(0), atol=2e-3
        )


def test_embeddings_can_move_between_runs(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = crawl(60).drop("image")
    features = np.eye(16)[rows["label"].rank("dense").to_numpy()] + 0.2 * rng.normal(size=(60, 16))
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    file, elsewhere = tmp_path / "x.npy", tmp_path / "there" / "x.npy"
    np.save(file, features.astype(np.float16))
    rows.write_parquet(tmp_path / "crawl.parquet")
    command = ("weight", tmp_path / "crawl.parquet", "--graph", "none", "--overwrite")
    assert curate(*command, "--embeddings", file).exit_code == 0
    before = (tmp_path / "crawl.weighted.parquet").read_bytes()
    elsewhere.parent.mkdir()
    file.rename(elsewhere)
    assert curate(*command, "--embeddings", elsewhere).exit_code == 0
    rows = pl.read_parquet(tmp_path / "crawl.weighted.parquet")
    assert rows.equals(pl.read_parquet(before))
    scores = tmp_path / "crawl.parquet.curate" / "scores"
    assert len(list(scores.iterdir())) == 1  # found again, for the features are the same


def test_hugging_face_metadata_describes_the_new_columns(tmp_path: Path) -> None:
    table = crawl(30).to_arrow()
    features = {"image": {"_type": "Image"}, "label": {"dtype": "string", "_type": "Value"}}
    metadata = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    path = tmp_path / "crawl.parquet"
    import pyarrow.parquet as pq

    pq.write_table(table.replace_schema_metadata(metadata), path)
    weigh(path, "--graph", "none")
    written = pq.read_schema(tmp_path / "crawl.weighted.parquet").metadata[b"huggingface"]
    described = json.loads(written)["info"]["features"]
    assert described["image"] == {"_type": "Image"}
    assert described["weight"] == {"dtype": "float32", "_type": "Value"}
    assert described["suggested_label"] == {"dtype": "string", "_type": "Value"}
