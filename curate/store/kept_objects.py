"""Kept work in a store, which has no rename: content is named by its hash, and a receipt names it.

The receipt is written last, and only where there is none: who finds one has finished work, and of
two who make the same work the first counts. Content without a receipt is never read.
"""

import contextlib
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from curate.store.mirror import AT_ONCE, bring, held_as, lay, open_store
from curate.store.objects import Object, Store
from curate.store.urls import Place, place_of

RECEIPT = "receipt.json"


def send_work(folder: Path, path: Path) -> bool:
    """Write a finished folder as the work at ``path``; False if another was first.

    Where this computer knows of a receipt there, it is replaced. The files of ``folder`` are then
    those that the cache would bring.
    """
    place = place_of(path)
    assert place is not None
    store = open_store(place.scheme, place.bucket)
    hashes: dict[str, str] = json.loads((folder / RECEIPT).read_text())["sha256"]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        any(pool.map(partial(_send_content, folder, place, store), hashes.items()))
    only_new = not (path / RECEIPT).exists()
    sent = store.write(f"{place.key}/{RECEIPT}", folder / RECEIPT, only_new)
    if sent is not None:
        held_as(folder / RECEIPT, sent)
    return sent is not None


def _send_content(folder: Path, place: Place, store: Store, named: tuple[str, str]) -> None:
    file, sha256 = named
    sent = store.write(f"{place.key}/{_object_name(file, sha256)}", folder / file)
    assert sent is not None
    held_as(folder / file, sent)


def bring_work(path: Path, sha256: str) -> Path:
    """Fetch a file of a finished folder, whose hash its receipt states."""
    return bring(path, of=path.with_name(_object_name(path.name, sha256)))


def see_receipts(root: Path) -> None:
    """Lay out the receipts of the finished folders in ``root``; forget what they no longer state.

    What lies here was in the store before it lay here, so that the store is asked afterwards.
    """
    place = place_of(root)
    assert place is not None
    here = set(root.iterdir()) if root.is_dir() else set()
    store = open_store(place.scheme, place.bucket)
    there = {root / Path(each.key).parent.name: each for each in _receipts(place, store)}
    for folder in here:
        if (folder / RECEIPT).exists() and folder not in there:
            shutil.rmtree(folder, ignore_errors=True)
    for folder, each in there.items():
        if lay(folder / RECEIPT, each):
            for old in folder.iterdir():
                with contextlib.suppress(OSError):
                    old.unlink() if old.name != RECEIPT else None


def _receipts(place: Place, store: Store) -> list[Object]:
    depth = place.key.count("/") + 2
    return [
        each
        for each in store.below(place.key)
        if each.key.endswith(f"/{RECEIPT}") and each.key.count("/") == depth
    ]


def _object_name(file: str, sha256: str) -> str:
    return f"{file}.{sha256[:16]}"
