import numpy as np
import pytest

from graphs.gloss_fit import sense_scores
from graphs.senses import choose_senses


def chosen(labels, wordnet, overrides=None):
    return {sense.label: sense.synset for sense in choose_senses(labels, wordnet, overrides)}


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("crane jay", {"crane": "crane.n.05", "jay": "jay.n.02"}),
        ("crane Crane jay", {"crane": "crane.n.05", "Crane": "crane.n.05"}),
        ("crane bulldozer forklift excavator", {"crane": "crane.n.04"}),
        ("mouse keyboard monitor", {"mouse": "mouse.n.04", "keyboard": "keyboard.n.01"}),
        ("mouse rat hamster", {"mouse": "mouse.n.01", "rat": "rat.n.01"}),
        ("apple banana pear", {"apple": "apple.n.01", "banana": "banana.n.02"}),
        ("jaguar leopard", {"jaguar": "jaguar.n.01", "leopard": "leopard.n.02"}),
        ("bass guitar drum", {"bass": "bass.n.07"}),
        ("palm oak maple pine willow", {"palm": "palm.n.03", "maple": "maple.n.02"}),
        ("hand foot nail palm", {"palm": "palm.n.01", "nail": "nail.n.01"}),
        ("nail hammer screw drill saw", {"nail": "nail.n.02", "hammer": "hammer.n.02"}),
        ("seal walrus otter", {"seal": "seal.n.09"}),
    ],
)
def test_a_word_means_what_fits_the_other_classes(labels, expected, wordnet):
    assert chosen(labels.split(), wordnet).items() >= expected.items()


def test_the_classes_of_cifar10_are_the_obvious_things(wordnet):
    labels = "airplane automobile bird cat deer dog frog horse ship truck"
    expected = {label: f"{label}.n.01" for label in labels.split()} | {"automobile": "car.n.01"}
    assert chosen(labels.split(), wordnet) == expected


def test_names_of_shapes_mean_geometric_figures(wordnet):
    labels = "triangle square rectangle rhombus circle ellipse star crescent pentagon hexagon heart"
    senses = choose_senses(labels.split(), wordnet)
    figures = {sense.synset for sense in senses}
    assert {wordnet.synset(name).lexname for name in figures} == {"noun.shape"}
    assert {"star.n.05", "heart.n.07", "square.n.01", "pentagon.n.03"} <= figures


def test_ids_give_two_classes_of_one_name_their_two_senses(wordnet):
    crane_bird, crane_machine = choose_senses(["n02012849", "n03126707"], wordnet)
    assert (crane_bird.synset, crane_bird.how) == ("crane.n.05", "given id")
    assert (crane_machine.synset, crane_machine.how) == ("crane.n.04", "given id")


def test_the_context_may_be_given_by_ids(wordnet):
    assert chosen(["crane", "n01580077"], wordnet)["crane"] == "crane.n.05"


def test_says_how_each_sense_was_found_and_what_came_second(wordnet):
    labels = ["crane", "jay", "sea lion", "tabby.n.01", "qwerty uiop", "7"]
    senses = choose_senses(labels, wordnet)
    assert [sense.label for sense in senses] == labels
    assert [sense.how for sense in senses] == [
        "chosen of 5",
        "chosen of 2",
        "only sense",
        "given name",
        "not found",
        "not found",
    ]
    assert senses[0].definition.startswith("large long-necked wading bird")
    assert senses[0].runner_up == "crane.n.04"
    assert [sense.synset for sense in senses[4:]] == [None, None]
    assert [sense.runner_up for sense in senses[2:]] == [None] * 4


def test_an_override_wins_and_is_context_for_the_others(wordnet):
    senses = choose_senses(["crane", "jay"], wordnet, {"crane": "n03126707", "other": "nonsense"})
    assert (senses[0].synset, senses[0].how) == ("crane.n.04", "overridden")
    assert senses[0].runner_up is None
    assert chosen(["mouse", "rodent x"], wordnet, {"rodent x": "rat.n.01"})["mouse"] == "mouse.n.01"


@pytest.mark.parametrize("synset", ["crane.n.99", "crane", "n99999999", ""])
def test_an_override_to_an_unknown_synset_names_class_and_synset(synset, wordnet):
    with pytest.raises(ValueError, match=rf"'jay' is set to the synset '{synset}', .* tabby.n.01"):
        choose_senses(["crane", "jay"], wordnet, {"jay": synset})


def test_the_order_of_the_classes_changes_nothing(wordnet):
    labels = "star cross crane seal palm bat nail table plant orange dog"
    backwards = labels.split()[::-1]
    assert chosen(labels.split(), wordnet) == chosen(backwards, wordnet)


def test_nothing_to_choose_from_is_no_error(wordnet):
    assert choose_senses([], wordnet) == []
    assert choose_senses([3], wordnet)[0].how == "not found"
    assert chosen(["dog"], wordnet) == {"dog": "dog.n.01"}


OWNER = np.array([0, 0, 1, 2])
FEATURES = [["bird", "leg"], ["hook", "lift"], ["bird", "wing"], ["tool", "lift"]]


def test_without_a_word_in_common_the_prior_alone_counts():
    prior = np.array([0.25, 0.75, 1.0])
    scores = sense_scores([["a"], ["b"], ["c"]], np.array([0, 0, 1]), prior)
    np.testing.assert_allclose(scores, np.log(prior))


def test_the_fit_is_ten_times_the_mean_cosine_to_the_other_classes():
    prior = np.array([0.5, 0.5, 1.0, 1.0])
    gain = sense_scores(FEATURES, OWNER, prior) - np.log(prior)
    in_one, in_two = (np.log(0.1 * 10_003 / n) for n in (1, 2))
    cosine = in_two**2 / (in_one**2 + in_two**2)
    np.testing.assert_allclose(gain, [10 * cosine / 2, 10 * cosine / 2, 0, 0], rtol=1e-5)


def test_a_rarer_sense_wins_by_a_better_fit():
    scores = sense_scores(
        [["bird"], ["hook"], ["bird"]], np.array([0, 0, 1]), np.array([0.1, 0.9, 1])
    )
    assert scores[0] > scores[1]


def test_many_senses_are_scored_in_tiles_as_in_one():
    rng = np.random.default_rng(0)
    owner = np.repeat(np.arange(700), 2)
    features = [[f"w{w}" for w in np.unique(rng.integers(0, 300, 5))] for _ in owner]
    prior = np.tile([0.3, 0.7], 700)
    tiled = sense_scores(features, owner, prior)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("graphs.gloss_fit._TILE", 5000)
        np.testing.assert_array_equal(tiled, sense_scores(features, owner, prior))
