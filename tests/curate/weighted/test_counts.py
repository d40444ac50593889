from curate.weighted.counts import holding


def test_a_range_holds_the_share_that_is_shown_with_it() -> None:
    assert holding(0.1, (0.05, 0.2)) == (0.05, 0.2)
    assert holding(0.5, (0.0, 0.2)) == (0.0, 0.5)
    assert holding(0.01, (0.05, 0.2)) == (0.01, 0.2)


def test_there_is_no_range_of_an_unknown_share() -> None:
    assert holding(None, (0.0, 1.0)) is None
    assert holding(0.1, None) is None
