import pytest

from curate.label_names import canonical


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
