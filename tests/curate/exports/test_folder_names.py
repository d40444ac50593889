import unicodedata
from pathlib import PurePosixPath

from hypothesis import given, settings
from hypothesis import strategies as st

from curate.exports.folder_names import folder_names

LABELS = st.lists(st.text(), unique=True, max_size=12)


@settings(deadline=None)
@given(LABELS | st.lists(st.text("./\\aA~é\u0301e ", max_size=4), unique=True, max_size=30))
def test_every_label_has_a_folder_of_its_own(labels: list[str]) -> None:
    labels = [label.encode(errors="replace").decode() for label in labels]
    labels = list(dict.fromkeys(labels))
    names = folder_names(labels, ("weights.csv",))
    assert list(names) == labels
    folded = {unicodedata.normalize("NFC", name).casefold() for name in names.values()}
    assert len(folded) == len(labels)
    for name in names.values():
        path = PurePosixPath(name)
        assert path.parts == (name,)
        assert name not in ("..", ".", "weights.csv")
        assert not name.startswith((".", "-", "=", "@", "+", " "))
        assert not name.endswith((" ", "."))
        assert len(name.encode()) <= 255
        assert name.isprintable()


def test_a_plain_label_is_its_own_name() -> None:
    labels = ["cat", "n02123045", "Käfer 甲虫", "sea lion", "it's, well"]
    assert folder_names(labels) == {label: label for label in labels}


def test_a_name_hangs_on_its_label_alone() -> None:
    few = folder_names(["..", "a/b"])
    assert folder_names(["..", "x", "a/b", "a?b"]) | few == folder_names(["..", "x", "a/b", "a?b"])


def test_labels_that_one_file_system_takes_for_the_same_are_told_apart() -> None:
    names = folder_names(["Cat", "cat", "é", "e\u0301", "aux", "a:b", "a?b"])
    assert len({name.casefold() for name in names.values()}) == 7
    assert names["Cat"].startswith("Cat~")
    assert names["aux"] != "aux"


def test_nobody_takes_the_name_of_another() -> None:
    taken = folder_names(["a/b"])["a/b"]
    names = folder_names(["a/b", taken])
    assert names["a/b"] == taken
    assert names[taken] != taken
