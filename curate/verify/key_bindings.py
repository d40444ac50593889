"""The keys of the screen, in the order in which the screen lists them."""

from typing import NamedTuple

from curate.verify.asked_sample import MOST_SUGGESTIONS

MOST_DIGITS = 9


class Key(NamedTuple):
    """Keys that do the same; the person sees one of them."""

    keys: str
    """Textual's names, with commas between them."""
    action: str
    description: str = ""
    """What the person reads; a key without one is not shown."""
    display: str = ""


LAST = (
    Key("s,right", "skip", "skip", "s"),
    Key("u,left,backspace", "undo", "undo", "u"),
    Key("q", "quit", "quit", "q"),
    Key("ctrl+c", "quit"),
)


def keys_of(lists: bool, alone: bool) -> list[Key]:
    """List the keys; with ``lists`` an image has several labels, and digits mark them.

    Of single labels of several (``alone``) the answers are yes and no.
    """
    if alone:
        return [
            Key("enter,k,space,y", "keep", "yes", "⏎"), Key("d,x,n", "drop", "no", "d"),
            *LAST,
        ]  # fmt: skip
    keep, pick = ("accept", "mark") if lists else ("keep", "instead")
    digits = f"1-{MOST_DIGITS if lists else MOST_SUGGESTIONS}"
    return [
        Key("enter,k,space", "keep", keep, "⏎"),
        Key("1", "pick(1)", pick, digits),
        *(Key(str(digit), f"pick({digit})") for digit in range(2, MOST_DIGITS + 1)),
        Key("slash,l", "search", "another", "/"),
        Key("d,x", "drop", "none", "d"),
        *LAST,
    ]
