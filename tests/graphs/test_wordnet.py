import hashlib
import random
import subprocess
import sys

import numpy as np
import pytest

from graphs.nltk_wordnet import ARCHIVE, SHA256, PackedReader
from graphs.wordnet import wordnet_rows


@pytest.fixture(scope="module")
def nltk_reader():
    """NLTK itself, as the reference."""
    return PackedReader()


def wordnet_graph(names, wordnet):
    return np.vstack(list(wordnet_rows(names, wordnet)))


def words_of(reader, pos, n):
    """Words of a part of speech, a sample that is always the same."""
    words = sorted(w for w, by_pos in reader._lemma_pos_offset_map.items() if pos in by_pos)
    return random.Random(0).sample(words, n)


def random_synsets(reader, pos, n):
    """Names of n synsets of a part of speech, a sample that is always the same."""
    return [reader.synsets(word, pos)[0].name() for word in words_of(reader, pos, n)]


@pytest.mark.parametrize("pos", ["n", "v", "a", "s", "r"])
def test_a_word_has_the_synsets_that_nltk_finds_for_it(pos, wordnet, nltk_reader):
    for word in words_of(nltk_reader, pos, 300):
        for form in (word, f"{word}s", f"{word}ed", f"un{word}"):
            expected = nltk_reader.synsets(form, pos)
            found = wordnet._reader.synsets(form, pos)
            assert [str(synset) for synset in found] == [str(synset) for synset in expected]
            for ours, theirs in zip(found, expected, strict=True):
                assert ours.definition() == theirs.definition()
                assert {*map(str, ours.hypernyms())} == {*map(str, theirs.hypernyms())}
                assert [m.key() for m in ours.lemmas()] == [m.key() for m in theirs.lemmas()]


@pytest.mark.parametrize("kinds", [("n",), ("v",), ("a", "r"), ("n", "v", "a", "r")])
def test_the_graph_is_exactly_nltks_path_similarity(kinds, wordnet, nltk_reader):
    names = [name for pos in kinds for name in random_synsets(nltk_reader, pos, 80 // len(kinds))]
    synsets = [nltk_reader.synset(name) for name in names]
    expected = [[a.path_similarity(b) for b in synsets] for a in synsets]
    np.testing.assert_array_equal(
        wordnet_graph(names, wordnet), np.array(expected, float).astype(np.float32)
    )


def test_the_graph_follows_instance_hypernyms_and_a_loop_among_verbs(wordnet, nltk_reader):
    names = ["einstein.n.01", "newton.n.01", "eiffel_tower.n.01", "physicist.n.01", "tower.n.01"]
    names += ["inhibit.v.04", "restrain.v.01", "entity.n.01", "walk.v.01"]
    synsets = [nltk_reader.synset(name) for name in names]
    expected = [[a.path_similarity(b) for b in synsets] for a in synsets]
    np.testing.assert_array_equal(
        wordnet_graph(names, wordnet), np.array(expected, float).astype(np.float32)
    )


def test_a_class_without_a_synset_is_related_to_itself_alone(wordnet):
    S = wordnet_graph(["dog.n.01", None, "cat.n.01"], wordnet)
    np.testing.assert_array_equal(S[1], [0, 1, 0])
    assert S[0, 2] == np.float32(0.2)


@pytest.mark.parametrize(
    ("label", "given", "first"),
    [
        ("n02123045", "id", "tabby.n.01"),
        ("N02123045", "id", "tabby.n.01"),
        ("tabby.n.01", "name", "tabby.n.01"),
        ("Tabby.N.1", "name", "tabby.n.01"),
        ("car.n.1", "name", "car.n.01"),
        ("automobile.n.01", "name", "car.n.01"),
        ("sea lion", "word", "sea_lion.n.01"),
        ("sea_lion", "word", "sea_lion.n.01"),
        ("Sea-Lion", "word", "sea_lion.n.01"),
        ("SeaLion", "word", "sea_lion.n.01"),
        (" sea  lions ", "word", "sea_lion.n.01"),
        ("T_shirt", "word", "jersey.n.03"),
        ("dogs", "word", "dog.n.01"),
        ("mice", "word", "mouse.n.01"),
        ("run", "word", "run.n.01"),
        ("striped", "word", "striped.s.01"),
    ],
)
def test_a_label_is_an_id_a_name_or_a_word_however_it_is_written(label, given, first, wordnet):
    candidates = wordnet.by_label(label)
    assert (candidates.given, candidates.synsets[0]) == (given, first)


@pytest.mark.parametrize(
    "label",
    ["7", 7, -1, "3.5", "zzzz", "n99999999", "n02123046", "tabby.n.00", "tabby.n.99", "", "a.b.c"],
)
def test_a_number_or_an_unknown_label_has_no_synset(label, wordnet):
    assert wordnet.by_label(label).synsets == ()


def test_a_word_carries_the_frequency_of_each_sense(wordnet, nltk_reader):
    candidates = wordnet.by_label("Dogs")
    lemmas = [nltk_reader.lemma(f"{name}.dog") for name in candidates.synsets]
    assert candidates.counts == tuple(lemma.count() for lemma in lemmas)
    assert candidates.counts[0] > 0


def test_glosses_are_those_of_the_synset_and_of_the_ones_right_above(wordnet):
    own, *parents = wordnet.glosses("dog.n.01")
    assert own.startswith("a member of the genus Canis")
    assert sorted(parents) == sorted(
        wordnet.synset(name).definition for name in ("canine.n.02", "domestic_animal.n.01")
    )


def test_an_unknown_synset_is_a_lookup_error_that_shows_the_form(wordnet):
    with pytest.raises(LookupError, match=r"no synset 'unicorn.n.99'; .* tabby.n.01"):
        wordnet.synset("unicorn.n.99")


def test_the_data_are_those_that_the_code_names() -> None:
    assert hashlib.sha256(ARCHIVE.read_bytes()).hexdigest() == SHA256


def test_nothing_is_looked_for_elsewhere() -> None:
    code = (
        "import nltk.data; nltk.data.path[:] = []\n"
        "from graphs.wordnet import open_wordnet\n"
        "print(open_wordnet().find('n02123045'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ARCHIVE.parents[1], capture_output=True, text=True,
        env={"PATH": "/nowhere", "HOME": "/nowhere", "http_proxy": "http://127.0.0.1:9"},
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("tabby.n.01\n", "")
