from collections.abc import Sequence
from pathlib import Path

import pytest

from curate.errors import CurateError
from curate.manifest.image_folder import folder_table


def paths(*folders: str, each: int = 3) -> list[str]:
    return [f"{folder}/{number}.jpg" for folder in folders for number in range(each)]


def labels(names: Sequence[str], label: str | None = None) -> dict[str, list[str | None]]:
    table = folder_table(names, Path("crawl"), label=label)
    found = table.drop("key", "image").unique(maintain_order=True)
    return found.to_dict(as_series=False)


def refusal(*folders: str) -> str:
    with pytest.raises(CurateError) as caught:
        folder_table(paths(*folders), Path("crawl"))
    return str(caught.value)


@pytest.mark.parametrize(
    "parts", [["train", "val", "test"], ["Training_Set", "validation"], ["train2017", "dev"]]
)
def test_below_a_split_the_second_folder_is_the_class(parts: list[str]) -> None:
    names = paths(*(f"{part}/{name}" for part in parts for name in ("cat", "dog/deep")))
    found = labels(names)
    assert sorted(zip(found["split"], found["label"], strict=True)) == sorted(
        (part, name) for part in parts for name in ("cat", "dog")
    )


def test_a_part_of_a_split_may_lack_classes() -> None:
    names = [*paths("train/cat", "train/dog", "val/dog"), "test/1.jpg", "0.jpg"]
    found = labels(names)
    assert found["split"] == ["train", "train", "val", "test", None]
    assert found["label"] == ["cat", "dog", "dog", None, None]


@pytest.mark.parametrize(
    "folders",
    [
        ["cat", "dog"],
        ["cat/deep", "dog"],
        ["cat/deep/er", "dog/side/way", "owl"],
        ["cat/google", "cat/bing", "dog/google", "dog/bing"],
        ["cat/images", "dog/images", "owl/images"],
        ["cat/train", "cat/test", "dog/train", "dog/test"],
        ["cat/2023", "cat/2024", "dog/2023", "dog/2024"],
        ["cat/00", "cat/01", "dog/00", "dog/01"],
        ["cat/front", "dog"],
        ["0", "1", "2"],
        ["2019", "2020"],
        ["bus", "car", "train"],
        ["bus", "car", "train/steam", "train/diesel"],
        ["cat/cat", "dog/dog"],
    ],
)
def test_else_the_first_folder_is_the_class(folders: list[str]) -> None:
    found = labels(paths(*folders))
    assert list(found) == ["label"]
    assert sorted(found["label"], key=str) == sorted({folder.split("/")[0] for folder in folders})


@pytest.mark.parametrize(
    ("folders", "words"),
    [
        (["images/cat", "images/dog"], "it holds the folder 'images' alone"),
        (["images/cat", "images/dog"], "run: curate weight crawl/images"),
        (["a/images/cat", "a/images/dog"], "--label folder_3 ('cat', 'dog')"),
        (["2023-01/cat", "2023-01/dog", "2023-02/cat"], "do not look like classes"),
        (["2023/01/cat", "2024/01/dog"], "or --label folder_3 ('cat', 'dog')"),
        (["fold1/cat", "fold2/dog"], "its folders 'fold1', 'fold2' do not look like classes"),
        (["ann/cat", "ann/dog", "bob/cat", "bob/dog"], "hold folders of the same names, 'cat'"),
        (["amazon/images/cat", "amazon/images/dog", "dslr/images/cat", "dslr/images/dog"],
         "hold folders of the same names, 'cat', 'dog'"),
        (["cat", "dog", "more/cat", "more/owl"], "'cat' and 'more/cat' may be the same class"),
        (["train/cat", "train/dog", "docs"], "its folders 'train' do not look like classes"),
        (["train/cat", "val/cat", "cat"], "may be the same class"),
        (["train/cat", "val/dog", "extra"], "its folders 'train', 'val' do not look like classes"),
        (["train", "val"], "look like parts of a split, with no classes in them"),
        (["train/images/cat", "train/images/dog", "val/images/cat"], "--label folder_3"),
        (["train/cat", "train/dog", "val/images"], "'images' in 'val' are in no other part"),
        (["images", "masks"], "do not look like classes"),
    ],
)  # fmt: skip
def test_a_folder_too_many_is_said_with_the_way_out(folders: list[str], words: str) -> None:
    said = refusal(*folders)
    assert words in said
    assert "say which folders are the classes: --label folder_1" in said


def test_a_level_can_be_named() -> None:
    names = [*paths("2023/cat", "2024/cat", "2024/dog/deep"), "0.jpg"]
    found = labels(names, "folder_2")
    assert found == {
        "folder_1": ["2023", "2024", "2024", None],
        "folder_2": ["cat", "cat", "dog", None],
    }


def test_pictures_without_folders_have_no_class() -> None:
    with pytest.raises(CurateError, match="all pictures lie directly in it"):
        folder_table(["a.jpg", "b.jpg"], Path("crawl"))


def test_messages_stay_short() -> None:
    folders = [f"{'x' * 200}{number}/{name}" for number in range(50) for name in ("aaaa", "bbbb")]
    assert len(refusal(*folders)) < 1_500


@pytest.mark.parametrize(
    "parts", [["seg_train/seg_train", "seg_test/seg_test"], ["cats-train", "cats-val"]]
)
def test_parts_of_a_split_with_other_words_are_no_classes(parts: list[str]) -> None:
    words = refusal(*(f"{part}/{name}" for part in parts for name in ("cat", "dog")))
    assert "folders of the same names" in words or "look like parts of a split" in words


def test_a_class_with_train_in_its_name_is_a_class() -> None:
    assert labels(paths("toy train/deep", "bus/deep"))["label"] == ["toy train", "bus"]


def test_a_table_beside_the_pictures_is_named(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_text("file_name,label\n")
    for names in (["1.jpg"], ["train/1.jpg"]):
        with pytest.raises(CurateError, match=rf"curate weight {tmp_path}/metadata.csv"):
            folder_table(names, tmp_path)
