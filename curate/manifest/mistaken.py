"""Recognise a file with the wrong name by its first bytes."""

import re

KINDS = {
    b"PAR1": "a Parquet file; give it the ending .parquet",
    b"ARROW1": "an Arrow file; give it the ending .arrow",
    b"\x1f\x8b": "packed by gzip; let its name end in .gz",
    b"BZh": "packed by bzip2; let its name end in .bz2",
    b"\xfd7zXZ\0": "packed by xz; let its name end in .xz",
    b"\x28\xb5\x2f\xfd": "packed by zstd; let its name end in .zst",
    b"PK\x03\x04": "a zip archive or an Excel workbook; unpack it, or save it as CSV",
    b"\xd0\xcf\x11\xe0": "an Excel workbook; save it as CSV",
    b"SQLite format 3": "an SQLite database; write its rows as Parquet or CSV",
    b"\x89HDF": "an HDF5 file; write its rows as Parquet",
    b"\x93NUMPY": "an array of NumPy; write a table as Parquet, and give features by --embeddings",
    b"%PDF": "a PDF; give the table that it was made of",
    b"version https://git-lfs.": "a pointer of Git LFS and not the file; fetch it by: git lfs pull",
}
"""First bytes -> what the file is, and what to do."""
WEB_PAGE = re.compile(rb"\s*<(!doctype|html)\b", re.IGNORECASE)
LONGEST_MAGIC = 64
"""Bytes that suffice to recognise a file."""


def mistaken_for(head: bytes) -> str | None:
    """Say what a file with this beginning is and what to do; None if it may be a table."""
    if WEB_PAGE.match(head):
        return "a web page, perhaps an error of the server; download the file again"
    return next((kind for magic, kind in KINDS.items() if head.startswith(magic)), None)
