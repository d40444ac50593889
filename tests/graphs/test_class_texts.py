from typing import TYPE_CHECKING

import pytest

from graphs.class_texts import class_name, class_texts, is_synset

if TYPE_CHECKING:
    from graphs.wordnet import WordNet


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("SeaLion", "Sea Lion"), ("sea_lion", "sea lion"), ("tabby", "tabby"),
        ("USB stick", "USB stick"), ("n02123045", "tabby, tabby cat"),
        ("tabby.n.01", "tabby, tabby cat"), ("7", "tabby, tabby cat"), ("猫", "猫"),
    ],
)  # fmt: skip
def test_a_name_is_the_words_of_the_label_or_those_of_an_ids_synset(label: str, name: str) -> None:
    assert class_name(label, ["tabby", "tabby_cat"]) == name


def test_a_number_without_a_synset_has_no_name() -> None:
    assert class_name("7") is None
    assert not is_synset("7")


def test_a_description_is_the_glosses_or_what_the_user_says(wordnet: "WordNet") -> None:
    texts = class_texts("tabby", None, "tabby.n.01", wordnet)
    assert texts.description == (
        "a cat with a grey or tawny coat mottled with black; any domesticated member of the genus"
        " Felis"
    )
    assert texts.all == ("tabby", texts.description, *texts.others)
    assert len(texts.others) == 2
    assert class_texts("tabby", "my cat", "tabby.n.01", wordnet).description == "my cat"


def test_text_is_the_description_where_there_is_one_else_the_name() -> None:
    described, named = class_texts("mug", "a cup with a handle"), class_texts("plate")
    assert [described.text(which) for which in ("", "name", "description")] == [
        "a cup with a handle", "mug", "a cup with a handle",
    ]  # fmt: skip
    assert [named.text(which) for which in ("", "name", "description")] == ["plate", "plate", None]
    assert named.all == ("plate",)


def test_the_papers_text_is_the_name_and_its_own_gloss(wordnet: "WordNet") -> None:
    texts = class_texts("tabby", None, "tabby.n.01", wordnet)
    gloss = "a cat with a grey or tawny coat mottled with black"
    assert texts.text("gloss") == f"tabby: {gloss}"
    assert class_texts("mug", "a cup with a handle").text("gloss") == "mug: a cup with a handle"
    assert class_texts("plate").text("gloss") == "plate"
    assert class_texts(None, None, "tabby.n.01", wordnet).text("gloss") == gloss
    assert class_texts(None).text("gloss") is None
