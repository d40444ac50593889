"""Where a page of HTML may be written."""

from pathlib import Path

from curate.errors import CurateError
from curate.store.mirror import look
from curate.store.sent import require_writable

ENDINGS = (".html", ".htm")


def check_page(path: Path, option: str, overwrite: bool) -> None:
    """Refuse a name that is not that of a page, one that is taken, and a place that takes none."""
    if path.suffix.lower() not in ENDINGS:
        raise CurateError(f"{option} {path}: the page is HTML; end its name in .html.")
    if look(path).exists() and not overwrite:
        raise CurateError(
            f"{path} exists; replace it with --overwrite or name another file with {option}."
        )
    require_writable(path)
