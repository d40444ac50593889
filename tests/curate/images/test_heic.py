"""HEIC is read where pillow-heif is installed; where it is not, a sentence names it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from curate.images import signature
from curate.images.decode import decode
from curate.images.preprocess import Preprocess
from curate.images.signature import HAS_HEIF, accepted_format, is_heic, is_other_picture
from curate.images.status import Status, Undecodable
from tests.crawls import curate, plain_png

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
AVIF = b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf"
STAND_IN = '''
"""In place of pillow-heif: what follows the first 24 bytes is a picture of another format."""
import io
from PIL import Image, ImageFile

class HeifImageFile(ImageFile.ImageFile):
    format = "HEIF"

    def _open(self):
        self.inner = Image.open(io.BytesIO(self.fp.read()[24:]))
        self._mode, self._size, self.tile = self.inner.mode, self.inner.size, []

    def load(self):
        self.im = self.inner.convert("RGB").im
        return super().load()

def register_heif_opener():
    Image.register_open("HEIF", HeifImageFile, lambda head: head[4:8] == b"ftyp")
'''


def test_a_heic_is_told_from_an_avif() -> None:
    assert (is_heic(HEIC), is_heic(AVIF)) == (True, False)
    assert is_other_picture(HEIC)


def test_without_pillow_heif_it_has_a_status_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signature, "HAS_HEIF", False)
    assert accepted_format(HEIC) is None
    with pytest.raises(Undecodable) as caught:
        decode(HEIC, Preprocess(8))
    assert caught.value.status == Status.HEIC


@pytest.mark.skipif(HAS_HEIF, reason="pillow-heif is installed, and is not named")
def test_a_sentence_names_pillow_heif(tmp_path: Path) -> None:
    for row, name in enumerate(("ant", "bee")):
        (tmp_path / "crawl" / name).mkdir(parents=True)
        for n in range(3):
            (tmp_path / "crawl" / name / f"{n}.png").write_bytes(plain_png((row * 90, n * 9, 0)))
        for ending in ("heic", "HEIF", "hif"):
            (tmp_path / "crawl" / name / f"x.{ending}").write_bytes(HEIC)
    done = curate("embed", tmp_path / "crawl", "--encoder", "embedded", "--workers", 1)
    assert done.exit_code == 0, done.output
    assert "6 of 12 rows" in done.stdout
    way = "install pillow-heif (pip install 'curate-labels[heic]')"
    said = f"HEIC: pictures that cannot be read: 6; to read them {way}"
    assert said in done.stderr


def test_with_it_pictures_are_read(tmp_path: Path) -> None:
    (tmp_path / "pillow_heif.py").write_text(STAND_IN)
    (tmp_path / "a.heic").write_bytes(HEIC + plain_png((10, 200, 30)))
    code = (
        "from curate.images.decode import decode, shorter_side\n"
        "from curate.images.preprocess import Preprocess\n"
        "data = open('a.heic', 'rb').read()\n"
        "picture = decode(data, Preprocess(4))\n"
        "print(picture.shape, picture[0, 0].tolist(), shorter_side(data, Preprocess(4))[0, 0, 0])"
    )
    paths = os.pathsep.join((str(tmp_path), str(Path(__file__).parents[3])))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": paths},
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("(4, 4, 3) [10, 200, 30] 8\n", "")
