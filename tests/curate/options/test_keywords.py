"""Options in a text, as keywords of Python."""

import pytest

from curate.options.keywords import in_keywords


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("replace it with --overwrite or name another",
         "replace it with overwrite=True or name another"),
        ("use --encoder onnx:/x.onnx, or --encoder embedded, or features with --embeddings DIR.",
         "use encoder=onnx:/x.onnx, or encoder=embedded, or features with embeddings=."),
        ("--encoder x: there is no such encoder", "encoder=x: there is no such encoder"),
        ("number the rows with --key none, or name --key COLUMN",
         "number the rows with key=none, or name key="),
        ("such as --prefix curate_.", "such as prefix=curate_."),
        ("--labels soft has shares", "labels=soft has shares"),
        ("name it with --label, one of: a", "name it with label=, one of: a"),
        ("leave --split out, or --limit 12.", "leave split= out, or limit=12."),
        ("--class a, --json and --new-classes", "given=a, as_json=True and new_classes=True"),
        ("--merge and a--label are none", "--merge and a--label are none"),
        ("type curate weight x --label y; or --label", "type curate weight x --label y; or label="),
    ],
)  # fmt: skip
def test_options_become_keywords_and_their_values_stand_beside_them(
    text: str, expected: str
) -> None:
    assert in_keywords(text) == expected
