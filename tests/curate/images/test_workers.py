import importlib
import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from curate.errors import CurateError
from curate.images import workers
from curate.images.decode import decode
from curate.images.preprocess import Preprocess
from curate.images.source import MAX_BYTES, FileSlice, ImageSource
from curate.images.status import Status
from curate.images.workers import Decoded, DecodePool, Decoder

TINY = Preprocess(4)


def gathered(results: Iterator[Decoded]) -> tuple[list[Status], NDArray[np.uint8]]:
    parts = list(results)
    return [s for part in parts for s in part.statuses], np.concatenate([p.pictures for p in parts])


def photograph(shade: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (12, 9), (shade, 255 - shade, 7)).save(file, "PNG")
    return file.getvalue()


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


def test_a_decoder_that_hangs_costs_one_row(hostile: Decoder) -> None:
    sources = shades(40)
    sources[39] = b"hang"
    with DecodePool(TINY, workers=2, timeout=1.0, decoder=hostile) as pool:
        statuses, pictures = gathered(pool.decode(sources))
    assert statuses == [Status.OK] * 39 + [Status.TIMEOUT]
    assert pictures[:, 0, 0, 0].tolist() == list(range(39))


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
            assert drawn - seen <= workers.CHUNK_PICTURES * workers.CHUNKS_AHEAD
            if seen > 1000:
                break
        assert gathered(pool.decode(shades(3)))[0] == [Status.OK] * 3


def test_large_pictures_travel_in_small_chunks() -> None:
    large = bytes(workers.CHUNK_BYTES // 2)
    assert [len(chunk) for chunk in workers._chunks([large] * 5)] == [2, 2, 1]


def test_a_picture_over_the_cap_does_not_travel_whole() -> None:
    (chunk,) = workers._chunks([bytes(MAX_BYTES + 1000)])
    assert isinstance(chunk[0], bytes)
    assert len(chunk[0]) == MAX_BYTES + 1


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
