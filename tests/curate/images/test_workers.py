import contextlib
import errno
import importlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pebble import ProcessPool
from pebble.pool.base_pool import PoolStatus
from pebble.pool.process import WorkerManager
from PIL import Image

from curate.errors import CurateError
from curate.images import chunks, workers
from curate.images.chunks import Decoded, Decoder
from curate.images.decode import decode
from curate.images.picture_hash import hash_content, hash_pictures
from curate.images.preprocess import Preprocess
from curate.images.slots import Slot, Slots
from curate.images.source import MAX_BYTES, FileSlice, ImageSource
from curate.images.status import Status
from curate.images.workers import DecodePool
from tests.crawls import plain_png

TINY = Preprocess(4)


def gathered(results: Iterator[Decoded]) -> tuple[list[Status], NDArray[np.uint8]]:
    parts = list(results)
    return [s for part in parts for s in part.statuses], np.concatenate([p.pictures for p in parts])


def photograph(shade: int) -> bytes:
    return plain_png((shade, 255 - shade, 7), (12, 9))


def shades(count: int) -> list[ImageSource | None]:
    return [bytes([shade % 256]) for shade in range(count)]


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch) -> Decoder:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    decoder: Decoder = importlib.import_module("hostile_decoders").flat_picture
    return decoder


def test_each_source_gets_its_result_in_order(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar"
    archive.write_bytes(bytes(512) + photograph(9) + bytes(512))
    sources: list[ImageSource | None] = [photograph(shade) for shade in range(100)]
    sources[3] = None
    sources[50] = b"<html>"
    sources[70] = FileSlice(archive, 512, len(photograph(9)))
    sources[99] = FileSlice(tmp_path / "nowhere")
    with DecodePool(TINY, workers=2) as pool:
        statuses, pictures = gathered(pool.decode(sources))
    assert {i: s for i, s in enumerate(statuses) if s != Status.OK} == {
        3: Status.MISSING,
        50: Status.NOT_IMAGE,
        99: Status.MISSING,
    }
    expected = [9 if i == 70 else i for i in range(100) if statuses[i] == Status.OK]
    assert np.array_equal(pictures, [decode(photograph(shade), TINY) for shade in expected])


def test_two_workers_equal_one(hostile: Decoder) -> None:
    results = []
    for count in (1, 2):
        with DecodePool(TINY, workers=count, decoder=hostile) as pool:
            results.append(gathered(pool.decode(shades(200))))
    assert results[0][0] == results[1][0] == [Status.OK] * 200
    assert np.array_equal(results[0][1], results[1][1])


def test_one_pool_serves_many_shards(hostile: Decoder) -> None:
    with DecodePool(TINY, workers=1, decoder=hostile) as pool:
        for count in (1, 33, 0, 5):
            assert [len(d.statuses) for d in pool.decode(shades(count))] == {
                1: [1],
                33: [32, 1],
                0: [],
                5: [5],
            }[count]


def test_a_decoder_that_dies_costs_one_row(hostile: Decoder) -> None:
    sources = shades(70)
    sources[5] = b"die"
    with DecodePool(TINY, workers=2, decoder=hostile) as pool:
        statuses, pictures = gathered(pool.decode(sources))
    assert statuses == [Status.CRASHED if i == 5 else Status.OK for i in range(70)]
    assert pictures[:, 0, 0, 0].tolist() == [i for i in range(70) if i != 5]


def test_pictures_come_with_their_hashes_where_a_decoder_dies_too(hostile: Decoder) -> None:
    sources = shades(40)
    sources[5], sources[9] = b"die", None
    with DecodePool(TINY, workers=1, decoder=hostile, hashed=True) as pool:
        parts = list(pool.decode(sources))
    found = [part.hashes for part in parts if part.hashes is not None]
    pictures = np.concatenate([part.pictures for part in parts])
    contents = [hash_content(bytes([n])) for n in range(40) if n not in (5, 9)]
    assert len(found) == len(parts)
    assert np.array_equal(np.concatenate(found), hash_pictures(pictures, contents))


def worker_numbers(pool: DecodePool) -> list[int]:
    return list(pool._pool._pool_manager.worker_manager.workers)


def kill(number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(number, signal.SIGKILL)


def test_workers_that_are_killed_while_they_idle_cost_nothing(hostile: Decoder) -> None:
    with DecodePool(TINY, workers=2, decoder=hostile) as pool:
        for _ in range(4):
            assert gathered(pool.decode(shades(3)))[0] == [Status.OK] * 3
            numbers = worker_numbers(pool)
            for number in numbers:
                kill(number)
            while any(Path(f"/proc/{number}").exists() for number in numbers):
                time.sleep(0.01)
        assert gathered(pool.decode(shades(100)))[0] == [Status.OK] * 100


def test_kills_from_outside_cost_no_picture(hostile: Decoder) -> None:
    statuses: list[Status] = []
    with DecodePool(TINY, workers=2, decoder=hostile) as pool:
        for number, decoded in enumerate(pool.decode(shades(1000))):
            statuses += decoded.statuses
            if number % 2:
                for worker in worker_numbers(pool)[:1]:
                    kill(worker)
    assert statuses == [Status.OK] * 1000


def test_a_pipe_that_closes_while_the_pool_breaks_costs_no_picture(
    monkeypatch: pytest.MonkeyPatch, hostile: Decoder
) -> None:
    dispatch, broken = WorkerManager.dispatch, []
    with DecodePool(TINY, workers=2, decoder=hostile) as pool:

        def closing(self: WorkerManager, task: object) -> None:
            if broken:
                return dispatch(self, task)
            broken.append(task)
            pool._pool._context.status = PoolStatus.ERROR
            raise TypeError("a closed pipe has no number")

        monkeypatch.setattr(WorkerManager, "dispatch", closing)
        statuses, _ = gathered(pool.decode(shades(40)))
    assert broken and statuses == [Status.OK] * 40


def test_a_picture_whose_worker_is_killed_is_tried_again(hostile: Decoder, tmp_path: Path) -> None:
    sources = shades(40)
    sources[7] = b"kill four times " + os.fsencode(tmp_path / "count")
    with DecodePool(TINY, workers=2, decoder=hostile) as pool:
        statuses, pictures = gathered(pool.decode(sources))
        assert pool.deaths == 4
    assert statuses == [Status.OK] * 40
    assert pictures[7, 0, 0, 0] == ord("k")


def test_a_picture_that_breaks_its_decoder_is_tried_twice(hostile: Decoder, tmp_path: Path) -> None:
    abort = b"abort " + os.fsencode(tmp_path / "count")
    with DecodePool(TINY, workers=1, decoder=hostile) as pool:
        statuses, _ = gathered(pool.decode([b"\x01", abort, b"\x02"]))
    assert statuses == [Status.OK, Status.CRASHED, Status.OK]
    assert len((tmp_path / "count").read_bytes()) == 3  # once among others


def test_workers_that_are_killed_before_they_decode_anything_are_told(
    monkeypatch: pytest.MonkeyPatch, hostile: Decoder
) -> None:
    monkeypatch.setattr(workers, "POOLS_IN_VAIN", 2)
    made: list[DecodePool] = []
    start = DecodePool._new_pool

    def broken(self: DecodePool) -> ProcessPool:
        made.append(self)
        pool = start(self)
        pool._pool_manager.update_status = _break
        return pool

    def _break() -> None:
        raise BrokenProcessPool

    monkeypatch.setattr(DecodePool, "_new_pool", broken)
    with (
        DecodePool(TINY, workers=1, decoder=hostile) as pool,
        pytest.raises(CurateError, match="were killed"),
    ):
        gathered(pool.decode([b"wait for /nowhere"] * 40))
    assert len(made) == 3


def test_a_decoder_that_hangs_costs_one_row(hostile: Decoder) -> None:
    sources = shades(40)
    sources[39] = b"hang"
    with DecodePool(TINY, workers=2, timeout=1.0, decoder=hostile) as pool:
        statuses, pictures = gathered(pool.decode(sources))
    assert statuses == [Status.OK] * 39 + [Status.TIMEOUT]
    assert pictures[:, 0, 0, 0].tolist() == list(range(39))


def test_pictures_never_change_once_they_are_given(hostile: Decoder) -> None:
    sources: list[ImageSource | None] = list(shades(1000))
    sources[100], sources[500], sources[700] = b"die", b"hang", None
    kept, copies = [], []
    with DecodePool(TINY, workers=2, timeout=1.0, decoder=hostile) as pool:
        for number, (statuses, pictures, _) in enumerate(pool.decode(sources)):
            if number % 3:
                kept.append(pictures)
                copies.append(pictures.copy())
            assert statuses.count(Status.OK) == len(pictures)
    assert sum(map(len, kept)) > 600
    assert all(map(np.array_equal, kept, copies))


def test_who_keeps_all_pictures_gets_them_right(hostile: Decoder) -> None:
    with DecodePool(TINY, workers=1, decoder=hostile) as pool:
        statuses, pictures = gathered(pool.decode(shades(2000)))
    assert statuses == [Status.OK] * 2000
    assert pictures[:, 3, 3, 2].tolist() == [shade % 256 for shade in range(2000)]


def test_who_drops_pictures_gets_all_in_shared_memory(
    hostile: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    lent: list[Slot | None] = []
    lend = Slots.lend

    def counted(slots: Slots) -> Slot | None:
        slot = lend(slots)
        lent.append(None if slot is None else Slot(slot.start, np.empty(0, np.uint8)))
        return slot

    monkeypatch.setattr(Slots, "lend", counted)
    with DecodePool(TINY, workers=1, decoder=hostile) as pool:
        for _ in range(3):
            for decoded in pool.decode(shades(960)):
                assert len(decoded.pictures) == 32
            del decoded
    assert len(lent) == 90
    assert None not in lent


@pytest.mark.parametrize("shared", [True, False])
def test_pictures_are_the_same_without_shared_memory(
    shared: bool, hostile: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not shared:
        monkeypatch.delattr(os, "memfd_create")
    sources = [bytes([shade]) * 2**18 for shade in range(70)]
    sources[3], sources[40] = b"", b"\x28"
    sources.insert(50, bytes([50]) * 3 * chunks.CHUNK_BYTES)
    with DecodePool(TINY, workers=2) as pool:
        assert gathered(pool.decode(sources))[0][3] == Status.EMPTY
    sources[3] = b"\x03"
    with DecodePool(TINY, workers=2, decoder=hostile) as pool:
        statuses, pictures = gathered(pool.decode(sources))
    assert statuses == [Status.OK] * 71
    assert pictures[:, 0, 0, 0].tolist() == [*range(51), *range(50, 70)]


def test_a_slot_is_not_lent_while_a_cancelled_worker_may_write_there(
    hostile: Decoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = tmp_path / "go"
    with DecodePool(TINY, workers=1, decoder=hostile) as pool:
        # Pebble would kill the worker.
        monkeypatch.setattr(pool._pool._pool_manager, "update_status", lambda: None)
        results = pool.decode([b"\x01"] * 32 + [b"wait for " + os.fsencode(go)] * 32 + shades(32))
        next(results)
        results.close()  # type: ignore[attr-defined]
        free = [pool._slots.lend() for _ in range(10)]
        lent = [slot.memory for slot in free if slot is not None]
        for memory in lent:
            memory[:] = 255
        go.touch()
        while (late := pool._slots.lend()) is None and all(memory[0] == 255 for memory in lent):
            time.sleep(0.01)
        assert late is not None
        assert late.memory[0] == ord("w")
        assert lent
        assert all((memory == 255).all() for memory in lent)


def test_a_decoder_that_devours_memory_costs_one_row(hostile: Decoder) -> None:
    with DecodePool(TINY, workers=1, decoder=hostile) as pool:
        statuses, pictures = gathered(pool.decode([b"\x01", b"devour", b"\x02"]))
    assert statuses == [Status.OK, Status.TOO_LARGE, Status.OK]
    assert pictures[:, 0, 0, 0].tolist() == [1, 2]


def test_a_worker_keeps_to_its_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    Image.new("L", (8000, 8000)).save(path)
    statuses = []
    for limit in (2**25, 2**29):
        with DecodePool(TINY, workers=1, memory_limit=limit) as pool:
            statuses += gathered(pool.decode([FileSlice(path)]))[0]
    assert statuses == [Status.TOO_LARGE, Status.OK]


def test_few_sources_are_read_ahead(hostile: Decoder) -> None:
    drawn = 0

    def counted() -> Iterator[bytes]:
        nonlocal drawn
        for source in range(10_000):
            drawn += 1
            yield bytes([source % 256])

    with DecodePool(TINY, workers=1, decoder=hostile) as pool:
        seen = 0
        for decoded in pool.decode(counted()):
            seen += len(decoded.statuses)
            assert drawn - seen <= chunks.CHUNK_PICTURES * workers.CHUNKS_AHEAD
            if seen > 1000:
                break
        assert gathered(pool.decode(shades(3)))[0] == [Status.OK] * 3


def test_large_pictures_travel_in_small_chunks() -> None:
    large = bytes(chunks.CHUNK_BYTES // 2)
    assert [len(chunk) for chunk in chunks.cut_chunks([large] * 5)] == [2, 2, 1]


def test_a_picture_over_the_cap_does_not_travel() -> None:
    (chunk,) = chunks.cut_chunks([bytes(MAX_BYTES + 1000)])
    assert chunk == [Status.TOO_LARGE]
    with DecodePool(TINY, workers=1) as pool:
        statuses, _ = gathered(pool.decode([bytes(MAX_BYTES + 1), photograph(1)]))
    assert statuses == [Status.TOO_LARGE, Status.OK]


def test_few_bytes_are_ahead(monkeypatch: pytest.MonkeyPatch, hostile: Decoder) -> None:
    monkeypatch.setattr(workers, "AHEAD_BYTES", 3 * chunks.CHUNK_BYTES)
    drawn = 0

    def large() -> Iterator[bytes]:
        nonlocal drawn
        for _ in range(20):
            drawn += 1
            yield bytes(chunks.CHUNK_BYTES)

    with DecodePool(TINY, workers=2, decoder=hostile) as pool:
        for seen, decoded in enumerate(pool.decode(large()), 1):
            assert decoded.statuses == [Status.OK]
            assert drawn - seen <= 3
    assert drawn == 20


def test_a_pool_whose_caller_fails_ends(hostile: Decoder) -> None:
    def fail() -> None:
        with DecodePool(TINY, workers=1, decoder=hostile) as pool:
            for _ in pool.decode([b"\x01"] * 32 + [b"hang"] * 100):
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()


def test_workers_that_cannot_start_are_told() -> None:
    def all_of_it() -> None:
        with DecodePool(TINY, workers=1, memory_limit=2**80) as pool:
            gathered(pool.decode([photograph(1)]))

    with pytest.raises(CurateError, match="fewer workers"):
        all_of_it()


def test_workers_import_little() -> None:
    program = "import sys, curate.images.workers; print(*sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert {"PIL", "numpy"} <= set(ran.stdout.split())
    assert not {"torch", "polars", "pyarrow", "scipy", "onnxruntime"} & set(ran.stdout.split())


def test_a_script_that_decodes_in_its_first_line_is_run_once(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from curate.images.preprocess import Preprocess\n"
        "from curate.images.workers import DecodePool\n"
        "with DecodePool(Preprocess(4), 2) as pool:\n"
        "    (decoded,) = pool.decode([None, b''])\n"
        "print(*decoded.statuses)\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("missing empty\n", "")


def test_a_system_without_room_for_locks_is_told(
    monkeypatch: pytest.MonkeyPatch, hostile: Decoder
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ProcessPool, "schedule", full)
    with (
        DecodePool(TINY, workers=1, decoder=hostile) as pool,
        pytest.raises(CurateError, match="No space left on device"),
    ):
        gathered(pool.decode(shades(3)))


def test_a_scratch_folder_too_long_for_sockets_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ("x" * 80)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with pytest.raises(CurateError, match="set TMPDIR to a shorter folder"):
        DecodePool(TINY, 1)
