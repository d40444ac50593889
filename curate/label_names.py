"""Names of classes as people write them: the same name in other bytes is the same class."""

import unicodedata

UNSEEN = dict.fromkeys((0x200B, 0xFEFF))
"""Characters of no width that editors leave behind: zero width space and byte order mark."""


def canonical(text: str) -> str:
    """Return a name in NFC, its blanks trimmed and each run of them one space."""
    return " ".join(unicodedata.normalize("NFC", text).translate(UNSEEN).split())
