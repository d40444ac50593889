from curate.verify import words
from prototypes.score.verified_share import ShareEstimate, clopper_pearson


def test_the_estimate_says_what_it_is_made_from() -> None:
    powered = ShareEstimate(0.174, 0.1408, 0.21, 34, 1_200, powered=True)
    assert words.estimate(powered, lists=False) == (
        "Wrong labels: 17.4%, 14.1% to 21.0% (95% interval, prediction-powered: 34 of 1,200 are)"
    )
    assert words.estimate(clopper_pearson(0, 20), lists=True) == (
        "Any label wrong: 0.0% of 20, 0.0% to 16.8% (95% interval of Clopper and Pearson)"
    )
