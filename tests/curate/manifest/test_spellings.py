import pytest

from curate.manifest.spellings import canonical, match, nearest


@pytest.mark.parametrize(
    "written",
    [
        "caf\u00e9 noir",
        "cafe\u0301 noir",
        " caf\u00e9  noir\n",
        "caf\u00e9\u00a0noir",
        "\ufeffcaf\u00e9\u200b noir",
    ],
)
def test_canonical_gives_one_name_for_what_looks_the_same(written: str) -> None:
    assert canonical(written) == "caf\u00e9 noir"


def test_canonical_keeps_case_and_joiners() -> None:
    assert canonical("Dog") == "Dog"
    assert canonical("\U0001f469\u200d\U0001f52c") == "\U0001f469\u200d\U0001f52c"


def test_a_name_is_that_of_the_only_class_that_is_the_same_but_for_form_and_case() -> None:
    classes = ("café", "Dog", "dog", "Polar bear")
    written = ("dog", "DOG", "cafe\u0301 ", "CAFÉ", "polar  bear", "lynx")
    found = match(written, classes)
    assert found.classes == {
        "dog": "dog",
        "cafe\u0301 ": "café",
        "CAFÉ": "café",
        "polar  bear": "Polar bear",
    }
    assert found.unknown == ("DOG", "lynx")


def test_the_same_text_comes_before_what_looks_the_same() -> None:
    classes = ("café", "cafe\u0301")
    assert match(classes, classes).classes == dict(zip(classes, classes, strict=True))
    assert match((" café",), classes).unknown == (" café",)


def test_what_is_nearly_a_class_is_suggested() -> None:
    classes = ("Golden retriever", "dog")
    assert nearest("golden retreiver", classes) == "Golden retriever"
    assert nearest("DOGS", classes) == "dog"
    assert nearest("lynx", classes) is None
