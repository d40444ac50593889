"""Short names for content: equal inputs, equal name."""

import hashlib
import json
from pathlib import Path


def fingerprint(**parts: object) -> str:
    """Name a set of named, JSON-able values by 16 hexadecimal digits."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def file_identity(path: Path) -> dict[str, object]:
    """Identify the state of a file without reading it: name, bytes, time of change."""
    stat = path.stat() if path.exists() else path.lstat()
    return {"name": path.name, "bytes": stat.st_size, "modified_ns": stat.st_mtime_ns}


def file_content(path: Path) -> dict[str, object]:
    """Identify a file by its name and content, not its times; the hash is None without a file."""
    return {"name": path.name, "sha256": sha256_of(path) if path.is_file() else None}


def sha256_of(path: Path) -> str:
    """Hash a file's content, streamed."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
