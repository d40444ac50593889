"""Make the page: its questions, its pictures and good examples of the classes they name."""

from collections.abc import Callable, Sequence

from rich.console import Console

from curate.inspect.good_examples import good_examples
from curate.manifest.how_drawn import RANDOM
from curate.options.verify import VerifyOptions
from curate.report.stand_alone import files_of, fill
from curate.report.thumbnails import SIDES, thumbnails
from curate.report.words import words
from curate.terminal.progress import progress_bar
from curate.verify.asked_sample import Sample
from curate.verify.asking import queue_options
from curate.verify.class_choices import asked_classes
from curate.verify.nearest import NearestClasses
from curate.verify.page.questions import (
    EACH,
    Questions,
    identity,
    list_classes,
    list_questions,
)
from curate.weighted.weighted import Weighted

MOST_BYTES = 14_900_000
"""Of the whole page, as mail takes it; pictures get what the rest leaves."""
MOST_EXAMPLES = 600
"""Good examples on a page, of all classes together."""
EXAMPLES_EACH = 3
EXAMPLE_SIDES = (128,)
"""Pixels of the longer side of a good example."""
EXAMPLES_SHARE = 4
"""Good examples get one part of so many of the room for pictures."""
CHOSEN = {
    "suspect": "The labels that look worst come first.",
    "boundary": "The labels about which curate is least sure come first.",
    "balanced": "They come from every class, and from labels that look right or wrong.",
    "random": "They were drawn at random.",
}
"""How samples were chosen, by --strategy."""
TELLS = " So the answers tell what share of all labels is wrong."
TELLS_WITH_OTHERS = " Merged with the answers before, they tell what share of all labels is wrong."
"""Where some questions are left out as answered: the others stand for the rest alone."""
STYLES = ("base.css", "verify.css")
"""The report's, and the page's own."""
SCRIPTS = ("kept", "question", "search", "screen", "keys", "saved", "start")
"""Parts of the page's script, in the order in which they run."""


def make_page(
    weighted: Weighted,
    samples: Sequence[Sample],
    options: VerifyOptions,
    console: Console,
    is_whole: bool = True,
) -> str:
    """Write the page; ``is_whole`` says that no question was left out as answered before."""
    classes = asked_classes(weighted)
    lists = weighted.manifest.has_label_lists
    questions = list_questions(samples, lists, classes, NearestClasses(weighted))
    examples = _examples(weighted, questions)
    shown = sorted({row for rows in examples.values() for row in rows})
    place = {row: at for at, row in enumerate(shown)}
    strategy = queue_options(options).recorded
    tells = TELLS if is_whole else TELLS_WITH_OTHERS
    if strategy != RANDOM or questions.kind == EACH:
        tells = ""
    data: dict[str, object] = {
        "id": identity(questions, strategy),
        "crawl": words(weighted.path.name),
        "file": words(weighted.path.stem.removesuffix(".weighted")),
        "strategy": strategy,
        "chosen": CHOSEN[options.strategy] + tells,
        "kind": questions.kind,
        "by": options.by or "",
        "classes": list_classes(questions, classes),
        "questions": questions.listed,
        "examples": [
            [at, [place[row] for row in examples[label]]]
            for at, label in enumerate(questions.classes)
            if label in examples
        ],
    }
    bare = _render(data, [], [])
    room = MOST_BYTES - len(bare.encode())
    with progress_bar(console, "Pictures", len(questions.rows) + len(shown)) as advance:
        good = _pictures(weighted, shown, room // EXAMPLES_SHARE, advance, EXAMPLE_SIDES)
        room -= sum(len(picture) for picture in good if isinstance(picture, str))
        return _render(data, _pictures(weighted, questions.rows, room, advance), good)


def _examples(weighted: Weighted, questions: Questions) -> dict[str, list[int]]:
    """Choose rows of the classes that questions name: of all, or of those named first."""
    each = min(EXAMPLES_EACH, max(1, MOST_EXAMPLES // max(len(questions.named), 1)))
    return good_examples(weighted, [*questions.named][: MOST_EXAMPLES // each], each)


def _pictures(
    weighted: Weighted,
    rows: Sequence[int],
    room: int,
    advance: Callable[[int], None],
    sides: Sequence[int] = SIDES,
) -> list[object]:
    return [made.as_json for made in thumbnails(weighted, rows, room, advance, sides)]


def _render(data: dict[str, object], pictures: list[object], good: list[object]) -> str:
    report, here = "curate.report", __package__
    style = files_of(report, STYLES[0]) + files_of(here, STYLES[1])
    names = [f"script/{name}.js" for name in SCRIPTS]
    script = files_of(report, "script/elements.js") + files_of(here, *names)
    content = {"title": data["crawl"], "data": data, "pictures": pictures, "good": good}
    return fill(files_of(here, "verify.html"), style, script, content)
