"""Name folders after labels: no name leads out of the folder, and no two labels share one."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from curate.errors import CurateError
from curate.store.fingerprint import fingerprint

UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\u2028\u2029]')
"""Characters that some file systems do not allow in a name."""
FIRST = ".=+-@~ "
"""First characters that make a name hidden, another folder, an option, or a formula."""
LONGEST = 80
"""Characters, of at most 4 bytes in UTF-8, that are kept; 255 bytes is what file systems take."""
SUFFIXED = re.compile(r"~[0-9a-f]{16}$")
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?$", re.IGNORECASE)
"""Names that Windows reserves."""
Labels = Sequence[str]


def folder_names(labels: Labels, reserved: Iterable[str] = ()) -> dict[str, str]:
    """Name a folder for each label: the label itself if it can be a name.

    Otherwise its safe characters, then ``~`` and a hash of the label. Labels that differ only in
    case, or in how a letter is composed, get a hash too: to some file systems they are one name.
    """
    counts = Counter(_folded(label) for label in labels)
    taken = {_folded(name) for name in reserved}
    names = {}
    for label in labels:
        name = _safe(label)
        folded = _folded(label)
        if name != label or counts[folded] > 1 or folded in taken or SUFFIXED.search(label):
            name = f"{name}~{fingerprint(label=label)}"
        names[label] = name
    if len({_folded(name) for name in names.values()}) < len(names):
        raise CurateError(
            "two labels have the same hash, which hardly happens by chance; rename one of them."
        )
    return names


def _safe(label: str) -> str:
    text = UNSAFE.sub("_", "".join(c if c.isprintable() else "_" for c in label))
    text = text[:LONGEST].rstrip(". ")
    if not text or text[0] in FIRST or DEVICES.match(text):
        text = f"_{text[1:]}" if text and text[0] in FIRST else f"_{text}"
    return unicodedata.normalize("NFC", text)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
