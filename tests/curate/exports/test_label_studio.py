"""Label Studio: tasks out, and answers that come back as verified labels."""

import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest
from PIL import Image

from tests.crawls import done, refused

NAMES = ('a "cat" & <dog>', "ox", "=eel")
NONE = "none of the classes"
ROWS = 60


def png(row: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (row * 4, 90, 90)).save(file, "png")
    return file.getvalue()


def weigh(folder: Path, labels: list[Any]) -> Path:
    true = np.arange(ROWS) % 3
    x = np.eye(3, 8)[true] * 3 + np.random.default_rng(0).normal(size=(ROWS, 8)) * 0.7
    table = pl.DataFrame(
        {
            "key": [f"k{row}" for row in range(ROWS)],
            "label": labels,
            "image": [png(row) for row in range(ROWS)],
            "url": [None if row == 5 else f"https://x.org/{row}.png" for row in range(ROWS)],
            "embedding": x.astype(np.float32),
        },
        schema_overrides={"embedding": pl.List(pl.Float32)},
    )
    table.write_parquet(folder / "crawl.parquet")
    done("weight", folder / "crawl.parquet", "--graph", "none", "--out", folder / "w.parquet")
    return folder / "w.parquet"


@pytest.fixture(scope="module")
def weighted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    labels = [NAMES[(row + (row % 10 == 0)) % 3] for row in range(ROWS)]
    return weigh(tmp_path_factory.mktemp("single"), labels)


def tasks(out: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((out / "tasks.json").read_text())
    return found


def answered(tasks: list[dict[str, Any]], people: int = 1) -> list[dict[str, Any]]:
    """Answer tasks as they are filled in, as Label Studio exports it."""

    def annotation(task: dict[str, Any], person: int) -> dict[str, Any]:
        (prediction,) = task["predictions"]
        result = [{**each, "id": "x", "origin": "prediction"} for each in prediction["result"]]
        time = "2026-11-28T00:00:00.123456Z"
        return {"result": result, "created_at": time, "was_cancelled": False,
                "completed_by": person}  # fmt: skip

    return [
        {"id": n, "data": task["data"], "predictions": [],
         "annotations": [annotation(task, person) for person in range(people)]}
        for n, task in enumerate(tasks)
    ]  # fmt: skip


def test_tasks_have_pictures_predictions_and_what_was_found(weighted: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done("export", weighted, "--to", "label-studio", "--out", out)
    rows = {row["key"]: row for row in pl.read_parquet(weighted).iter_rows(named=True)}
    found = tasks(out)
    assert [task["data"]["key"] for task in found] != list(rows) and len(found) == ROWS
    scores = [task["predictions"][0]["score"] for task in found]
    assert scores == sorted(scores)
    for task in found:
        data, row = task["data"], rows[task["data"]["key"]]
        local, _, file = data["image"].partition("?d=out/")
        assert local == "/data/local-files/" and (out / file).read_bytes() == row["image"]
        assert data["given"] == row["label"] and data["strategy"] == "other"
        assert np.float32(data["label_quality"]) == np.float32(row["label_quality"])
        (choice,) = task["predictions"][0]["result"][0]["value"]["choices"]
        wanted = {"relabel": row["suggested_label"], "outlier": NONE}
        assert choice == wanted.get(row["issue_kind"], row["label"])


def test_a_folder_may_have_any_name(weighted: Path, tmp_path: Path) -> None:
    out = tmp_path / "the tasks & #1"
    done("export", weighted, "--to", "label-studio", "--sample", 5, "--out", out)
    asked = {parse_qs(urlsplit(task["data"]["image"]).query)["d"][0] for task in tasks(out)}
    assert len(asked) == 5 and all((tmp_path / file).is_file() for file in asked)


def test_the_interface_offers_every_class_whatever_its_name(weighted: Path, tmp_path: Path) -> None:
    done("export", weighted, "--to", "label-studio", "--keep", "flagged", "--out", tmp_path / "out")
    view = ElementTree.parse(tmp_path / "out" / "interface.xml").getroot()
    assert [each.get("value") for each in view.iter("Choice")] == [*sorted(NAMES), NONE]
    named = {each.get("name") for each in view.iter()}
    result = tasks(tmp_path / "out")[0]["predictions"][0]["result"][0]
    assert {result["from_name"], result["to_name"]} <= named


def test_flagged_rows_are_all_that_are_flagged(weighted: Path, tmp_path: Path) -> None:
    done("export", weighted, "--to", "label-studio", "--keep", "flagged", "--out", tmp_path / "out")
    flagged = pl.read_parquet(weighted).filter("is_label_issue")["key"]
    assert 0 < len(flagged) < ROWS
    assert {task["data"]["key"] for task in tasks(tmp_path / "out")} == {*flagged}


def test_a_sample_is_random_in_random_order_and_answers_say_so(
    weighted: Path, tmp_path: Path
) -> None:
    for name, seed in (("one", 0), ("same", 0), ("other", 1)):
        options = ("--sample", 25, "--seed", seed, "--out", tmp_path / name)
        done("export", weighted, "--to", "label-studio", *options)
    keys = {name: [task["data"]["key"] for task in tasks(tmp_path / name)]
            for name in ("one", "same", "other")}  # fmt: skip
    assert keys["one"] == keys["same"] and keys["one"] != keys["other"]
    assert len({*keys["one"]}) == 25 and keys["one"] != sorted(keys["one"])
    answers = tmp_path / "project-1.json"
    answers.write_text(json.dumps(answered(tasks(tmp_path / "one"))))
    again = ("weight", weighted.with_name("crawl.parquet"), "--graph", "none", "--slim")
    said = done(*again, "--verified", answers, "--out", tmp_path / "v.parquet")
    assert "25" in said and "random" in said


def test_answers_are_verified_labels(weighted: Path, tmp_path: Path) -> None:
    done("export", weighted, "--to", "label-studio", "--out", tmp_path / "out")
    answers = answered(tasks(tmp_path / "out"))
    answers[0]["annotations"][0]["was_cancelled"] = True
    file = tmp_path / "project-1.json"
    file.write_text(json.dumps(answers))
    out = tmp_path / "r.parquet"
    said = done("refine", weighted, "--verified", file, "--head", "hu", "--epochs", 1, "--out", out)
    assert "tasks of Label Studio that nobody answered" in said
    assert len(pl.read_parquet(out)) == ROWS


def test_two_people_are_merged(weighted: Path, tmp_path: Path) -> None:
    done("export", weighted, "--to", "label-studio", "--sample", 20, "--out", tmp_path / "out")
    for name in ("anna", "bert"):
        answers = answered(tasks(tmp_path / "out"))
        if name == "bert":
            value = answers[3]["annotations"][0]["result"][0]["value"]
            value["choices"] = [NONE if value["choices"] != [NONE] else NAMES[0]]
        (tmp_path / f"{name}.json").write_text(json.dumps(answers))
    files = (tmp_path / "anna.json", tmp_path / "bert.json")
    done("verify", "--merge", *files, "--out", tmp_path / "both.parquet")
    both = pl.read_parquet(tmp_path / "both.parquet")
    assert len(both) == 19 and both["strategy"].unique().to_list() == ["random"]
    assert both["time"].null_count() == 0


def test_lists_of_labels_go_out_and_come_back(tmp_path: Path) -> None:
    labels = [[NAMES[row % 3]] if row % 2 else [NAMES[row % 3], NAMES[(row + 1) % 3]]
              for row in range(ROWS)]  # fmt: skip
    path = weigh(tmp_path, labels)
    done("export", path, "--to", "label-studio", "--out", tmp_path / "out")
    view = ElementTree.parse(tmp_path / "out" / "interface.xml").getroot()
    assert [each.get("choice") for each in view.iter("Choices")] == ["multiple"]
    file = tmp_path / "project-1.json"
    file.write_text(json.dumps(answered(tasks(tmp_path / "out"))))
    done("refine", path, "--verified", file, "--head", "hu", "--epochs", 1,
         "--out", tmp_path / "r.parquet")  # fmt: skip


def test_json_min_is_read_too(weighted: Path, tmp_path: Path) -> None:
    done("export", weighted, "--to", "label-studio", "--sample", 30, "--out", tmp_path / "out")
    short = [
        {**task["data"], "id": n, "annotator": 1, "annotation_id": n,
         "created_at": "2026-11-28T00:00:00Z",
         "label": task["predictions"][0]["result"][0]["value"]["choices"][0]}
        for n, task in enumerate(tasks(tmp_path / "out"))
    ]  # fmt: skip
    (tmp_path / "min.json").write_text(json.dumps(short))
    done("refine", weighted, "--verified", tmp_path / "min.json", "--head", "hu", "--epochs", 1,
         "--out", tmp_path / "r.parquet")  # fmt: skip


def test_csv_with_the_words_for_no_class_is_read_too(weighted: Path, tmp_path: Path) -> None:
    labels = [NONE if row == 3 else NAMES[row % 3] for row in range(40)]
    keys = [f"k{row}" for row in range(40)]
    pl.DataFrame({"key": keys, "label": labels}).write_csv(tmp_path / "out.csv")
    again = ("weight", weighted.with_name("crawl.parquet"), "--graph", "none", "--slim")
    done(*again, "--verified", tmp_path / "out.csv", "--out", tmp_path / "v.parquet")


def test_urls_are_shown_and_rows_without_one_are_counted(weighted: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = done("export", weighted, "--to", "label-studio", "--url", "url", "--out", out)
    assert "rows without a readable picture (1): k5" in said
    images = {task["data"]["image"] for task in tasks(out)}
    assert images == {f"https://x.org/{row}.png" for row in range(ROWS) if row != 5}
    assert not (out / "images").exists()


def test_what_cannot_be_is_said(weighted: Path, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "out")
    said = refused("export", weighted, "--to", "label-studio", "--url", "wher", *out)
    assert "has no such column of texts" in said and "url" in said
    said = refused("export", weighted, "--to", "fiftyone", "--url", "url", *out)
    assert "takes pictures, not their URLs" in said
    said = refused("export", weighted, "--to", "label-studio", "--rename", "key=id", *out)
    assert "leave --rename out" in said and not (tmp_path / "out").exists()
    said = refused("export", weighted, "--to", "label-studio", "--sample", 0, *out)
    assert "--sample 0" in said
