import io
import random
import tarfile
from pathlib import Path

import pytest

from curate.manifest.tar_members import DamagedTar, Kind, Member, read_members


def packed(*members: tuple[str, bytes], format_: int = tarfile.PAX_FORMAT) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=format_) as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return file.getvalue()


def listed(data: bytes) -> list[Member]:
    return list(read_members(io.BytesIO(data), len(data)))


def damage(data: bytes) -> str:
    with pytest.raises(DamagedTar) as caught:
        listed(data)
    return str(caught.value)


def with_size(header: bytes, size: int) -> bytes:
    """Write a size as GNU tar writes those that do not fit into digits, and the sum anew."""
    field = (b"\xff" if size < 0 else b"\x80") + (size % 256**11).to_bytes(11, "big")
    blank = header[:124] + field + header[136:148] + b" " * 8 + header[156:]
    return blank[:148] + b"%06o\0 " % sum(blank) + blank[156:]


@pytest.mark.parametrize("format_", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_members_are_those_of_tarfile(format_: int) -> None:
    names = ["a.jpg", "folder/" + "n" * 90 + ".cls", "x" * 60 + "/" + "y" * 70 + ".txt"]
    if format_ != tarfile.USTAR_FORMAT:
        names += ["long/" * 60 + "é.json", "p" * 300]
    data = packed(*((name, name.encode() * 40) for name in names), format_=format_)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        theirs = [(info.name, info.offset_data, info.size) for info in tar]
    assert [(m.name, m.offset, m.size) for m in listed(data)] == theirs
    assert [name for name, _, _ in theirs] == names


def test_names_that_are_not_utf8_are_escaped() -> None:
    for format_ in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        data = packed(("cafQ1.jpg", b"x"), format_=format_)
        header = data[:512].replace(b"cafQ", b"caf\xe9")
        data = with_size(header, 1) + data[512:]
        assert [member.name for member in listed(data)] == ["caf\\xe91.jpg"]


@pytest.mark.parametrize("size", [-512, -1, 1 << 62, 10**6])
def test_a_size_that_cannot_be_ends_at_once(size: int) -> None:
    data = packed(("a", b"x" * 2_000), ("b", b"y"))
    assert f"claims {size:,} bytes" in damage(with_size(data[:512], size) + data[512:])


@pytest.mark.parametrize("kind", [b"L", b"K", b"x", b"g", b"X"])
@pytest.mark.parametrize("size", [-512, 3 << 20])
def test_a_header_of_any_length_is_not_read(kind: bytes, size: int) -> None:
    data = packed(("a", b"x" * (4 << 20)))
    header = data[:156] + kind + data[157:512]
    if size > 0 and kind in b"Kg":  # passed over, not read
        assert listed(with_size(header, size) + bytes(size) + packed(("b", b"")))[0].name == "b"
    else:
        damage(with_size(header, size) + data[512:])


def test_pax_records_that_cannot_be() -> None:
    with_long_name = packed(("n" * 200, b"x"))
    for bad in (b"999 path=", b"-12 path=", b"0 path=nn", b"path=nnnn"):
        assert "pax" in damage(with_long_name.replace(b"210 path=", bad))
    data = packed(("n" * 200, b"x"))
    sized = data.replace(b"210 path=nnnnnnnnnnn", b"11 size=-12\n199 path=")
    assert sized != data and "invalid size" in damage(sized)


@pytest.mark.parametrize("format_", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_a_tar_cut_anywhere_is_no_tar(format_: int) -> None:
    members = [(f"{number}.jpg", random.Random(number).randbytes(900)) for number in range(6)]
    data = packed(*members, ("n" * 150, b"x"), format_=format_)
    last = listed(data)[-1]
    end = last.offset + 512 + 1_024
    cuts = [*random.Random(0).sample(range(end), 200), *range(0, end, 512), end - 1]
    for cut in cuts:
        with pytest.raises(DamagedTar):
            listed(data[:cut])
    assert listed(data[:end]) == listed(data)


def test_tars_that_were_joined_are_read_on() -> None:
    names = [member.name for member in listed(packed(("a", b"x")) + packed(("b", b"y")))]
    assert names == ["a", "b"]
    assert "invalid header" in damage(packed(("a", b"x")) + b"no tar" * 100)


def test_endless_zeros_are_not_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curate.manifest.tar_members.LONGEST_TAIL", 1 << 14)
    assert "bytes of zeros" in damage(packed(("a", b"x")) + bytes(1 << 15))


def test_more_members_than_any_tar_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curate.manifest.tar_members.MAX_MEMBERS", 2)
    assert "more than 2 members" in damage(packed(("a", b""), ("b", b""), ("c", b"")))


def test_what_is_no_plain_file_is_told(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "0.tar", "w") as tar:
        for name, kind in (("folder", tarfile.DIRTYPE), ("link", tarfile.SYMTYPE),
                           ("hard", tarfile.LNKTYPE), ("pipe", tarfile.FIFOTYPE),
                           ("null", tarfile.CHRTYPE), ("disk", tarfile.BLKTYPE)):  # fmt: skip
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "elsewhere"
            tar.addfile(info)
        tar.addfile(tarfile.TarInfo("file"))
    kinds = {m.name: m.kind for m in listed((tmp_path / "0.tar").read_bytes())}
    others = dict.fromkeys(("link", "hard", "pipe", "null", "disk"), Kind.OTHER)
    assert kinds == {"folder": Kind.FOLDER, **others, "file": Kind.FILE}


def test_files_with_holes_are_told_and_not_filled() -> None:
    data = packed(("s.jpg", b"x" * 512), ("b", b"y"), format_=tarfile.GNU_FORMAT)
    sizes = b"%011o\0%011o\0" % (0, 512) + bytes(72) + b"\x01" + b"%011o\0" % (8 << 30)
    header = data[:156] + b"S" + data[157:386] + sizes + data[386 + len(sizes) : 512]
    more = bytes(504) + b"\0" * 8
    found = listed(with_size(header, 512) + more + data[512:])
    assert [(m.name, m.size, m.kind) for m in found] == [
        ("s.jpg", 512, Kind.SPARSE), ("b", 1, Kind.FILE)
    ]  # fmt: skip
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo("GNUSparseFile.1/s.jpg")
        info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.name": "s.jpg"}
        tar.addfile(info)
    assert [(m.name, m.kind) for m in listed(file.getvalue())] == [("s.jpg", Kind.SPARSE)]
