"""Objects as files of the cache: laid out, brought once, emptied when it is full, and sent."""

import os
import time
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import pytest

from curate.errors import CurateError
from curate.store import mirror, objects
from curate.store.atomic import appearing_file, appearing_folder
from curate.store.cached_files import empty_oldest
from curate.store.fetching import Fetches, fetches
from curate.store.mirror import bring, bring_all, look, open_store
from curate.store.sent import require_writable
from curate.store.urls import as_path
from tests.object_store import BUCKET, ObjectStore, object_store

ODD = ("a b.txt", "100%.txt", "x%20y.txt", "h#1.txt", "who?.txt", "a&b+c=d.txt", "ü/日本.txt")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    with object_store(tmp_path_factory.mktemp("cache")) as store:
        yield store


@pytest.fixture(autouse=True)
def fresh(server: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start with an empty cache; give up soon."""
    server.proxy.reset()
    monkeypatch.setenv("CURATE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setitem(objects.RETRIES, "max_retries", 2)
    monkeypatch.setitem(objects.RETRIES["backoff"], "init_backoff", timedelta(milliseconds=1))
    open_store.cache_clear()


def at(key: str) -> Path:
    return as_path(f"s3://{BUCKET}/{key}")


def test_a_file_is_laid_out_with_its_size_and_brought_once(server: ObjectStore) -> None:
    server.put("lay/a.bin", b"content")
    path = look(at("lay/a.bin"))
    assert path.stat().st_size == 7 and server.proxy.sent.get(f"/{BUCKET}/lay/a.bin", 0) == 0
    assert bring(path).read_bytes() == bring(path).read_bytes() == b"content"
    assert look(path).read_bytes() == b"content"
    assert server.proxy.sent[f"/{BUCKET}/lay/a.bin"] == 7


def test_a_large_file_is_brought_in_parts(
    server: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = os.urandom(1_000_001)
    server.put("large.bin", content)
    for most in ("SMALL", "CHUNK"):
        monkeypatch.setattr(mirror, most, 100_000)
    told: list[object] = []
    monkeypatch.setattr(
        fetches, "show", lambda *named: told.append(named) or nullcontext(told.append)
    )
    assert bring(look(at("large.bin"))).read_bytes() == content
    assert server.proxy.sent[f"/{BUCKET}/large.bin"] == len(content)
    named, *pieces = told
    assert named == ("large.bin", len(content)) and sum(pieces) == len(content)


def test_one_fetch_is_shown_at_a_time() -> None:
    told: list[object] = []
    each = Fetches()
    each.show = lambda *named: told.append(named) or nullcontext(told.append)
    with each.shown("a", 5) as first, each.shown("b", 7) as second:
        first(2)
        second(3)
    with each.shown("c", 1):
        pass
    assert told == [("a", 5), 2, ("c", 1)]


def test_names_survive_and_so_do_empty_files(server: ObjectStore) -> None:
    for name in ODD:
        server.put(f"odd/{name}", name.encode())
    server.put("odd/empty", b"")
    folder = look(at("odd"))
    files = {file for file in folder.rglob("*") if file.is_file()}
    assert {file.relative_to(folder).as_posix() for file in files} == {*ODD, "empty"}
    bring_all(files)
    for name in ODD:
        assert (folder / name).read_bytes() == name.encode()
    assert (folder / "empty").read_bytes() == b""


def test_a_folder_is_what_the_store_has_now(server: ObjectStore) -> None:
    server.put("changing/a", b"1")
    server.put("changing/deep/b", b"2")
    assert sorted(file.name for file in look(at("changing")).rglob("*")) == ["a", "b", "deep"]
    server.client.delete_object(Bucket=BUCKET, Key="changing/deep/b")
    server.put("changing/c", b"3")
    assert sorted(file.name for file in look(at("changing")).rglob("*")) == ["a", "c"]
    for key in ("a", "c"):
        server.client.delete_object(Bucket=BUCKET, Key=f"changing/{key}")
    assert not look(at("changing")).exists()


def test_other_content_under_the_same_name_is_brought_anew(server: ObjectStore) -> None:
    server.put("same", b"one")
    assert bring(look(at("same"))).read_bytes() == b"one"
    server.put("same", b"two")
    assert bring(look(at("same"))).read_bytes() == b"two"


def test_content_that_changed_since_it_was_seen_is_refused(server: ObjectStore) -> None:
    server.put("seen", b"one")
    path = look(at("seen"))
    server.put("seen", b"two")
    with pytest.raises(CurateError, match=f"s3://{BUCKET}/seen changed while curate read it"):
        bring(path)


def test_the_uploaders_time_of_change_is_kept_else_content_gives_one(
    server: ObjectStore, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"x")
    os.utime(tmp_path / "file", ns=(0, 1_700_000_000_123_456_789))
    server.put("time/kept", tmp_path / "file")
    server.put("time/one", b"same")
    server.put("time/two", b"same")
    server.put("time/other", b"some")
    folder = look(at("time"))
    times = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert times["kept"] == 1_700_000_000_123_456_789
    assert times["one"] == times["two"] != times["other"]
    for file in folder.iterdir():
        assert bring(file).stat().st_mtime_ns == times[file.name]


def test_what_was_used_longest_ago_is_emptied_and_comes_again(server: ObjectStore) -> None:
    for name in ("old", "new"):
        server.put(f"full/{name}", name.encode() * 1_000)
    old, new = (bring(look(at(f"full/{name}"))) for name in ("old", "new"))
    with old.open("rb") as opened:
        for path, age in ((old, 500), (new, 400)):
            os.utime(path, ns=(time.time_ns() - age * 10**9, path.stat().st_mtime_ns))
        before = old.stat()
        empty_oldest(3_500)
        assert opened.read() == b"old" * 1_000  # who has it open reads on
    assert (old.stat().st_size, old.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert old.stat().st_blocks == 0 and new.read_bytes() == b"new" * 1_000
    assert bring(old).read_bytes() == b"old" * 1_000


def test_what_was_just_used_stays_in_a_full_cache(server: ObjectStore) -> None:
    server.put("just", b"used")
    path = bring(look(at("just")))
    empty_oldest(0)
    assert path.read_bytes() == b"used"


def test_a_file_appears_in_the_store_when_it_is_whole(server: ObjectStore) -> None:
    path = at("out/file.txt")
    with appearing_file(path) as unfinished:
        unfinished.write_bytes(b"whole")
        assert server.keys("out/") == []
    assert server.get("out/file.txt") == b"whole"
    server.proxy.reset()
    assert bring(look(path)).read_bytes() == b"whole"
    assert server.proxy.sent.get(f"/{BUCKET}/out/file.txt", 0) == 0
    with pytest.raises(ValueError, match="broken"), appearing_file(path) as unfinished:
        unfinished.write_bytes(b"half")
        raise ValueError("broken")
    assert server.get("out/file.txt") == b"whole"


def test_an_export_replaces_the_old_one_and_what_marks_it_comes_last(server: ObjectStore) -> None:
    for name in ("gone.txt", "kept.txt", "curate-export.json"):
        server.put(f"folder/{name}", b"old")
    server.proxy.reset()
    with appearing_folder(at("folder")) as unfinished:
        (unfinished / "deep").mkdir()
        for name in ("curate-export.json", "kept.txt", "deep/z.txt"):
            (unfinished / name).write_bytes(b"new")
    assert server.keys("folder/") == [
        "folder/curate-export.json", "folder/deep/z.txt", "folder/kept.txt"
    ]  # fmt: skip
    written = [path for method, path in server.proxy.requests if method == "PUT"]
    assert written[-1] == f"/{BUCKET}/folder/curate-export.json"


def test_an_unfinished_upload_is_not_read(server: ObjectStore) -> None:
    server.client.create_multipart_upload(Bucket=BUCKET, Key="stale/part.npy")
    assert not look(at("stale")).exists()
    with pytest.raises(FileNotFoundError):
        bring(at("stale/part.npy"))


def test_an_object_with_the_name_of_a_folder_is_said(server: ObjectStore) -> None:
    server.put("both/a", b"1")
    server.put("both/a/b", b"2")
    with pytest.raises(CurateError, match="has the name of a folder"):
        look(at("both"))


def test_a_connection_that_is_cut_twice_is_taken_up_again(server: ObjectStore) -> None:
    content = os.urandom(300_000)
    server.put("cut.bin", content)
    path, cuts = look(at("cut.bin")), iter(["cut", "cut"])
    server.proxy.fault = lambda method, _: next(cuts, None) if method == "GET" else None
    assert bring(path).read_bytes() == content


def test_a_busy_store_is_asked_again(server: ObjectStore) -> None:
    server.put("busy.bin", b"x")
    refusals = iter(["503", "429", None])
    server.proxy.fault = lambda *_: next(refusals, None)
    assert bring(look(at("busy.bin"))).read_bytes() == b"x"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("503", "the store is busy and refused every attempt"),
        ("cut", "the connection was cut at every attempt"),
        ("403", "these credentials have no right to it"),
    ],
)
def test_what_cannot_be_read_is_said(server: ObjectStore, fault: str, said: str) -> None:
    server.put("poor.bin", b"x" * 1_000)
    path = look(at("poor.bin"))
    server.proxy.fault = lambda *_: fault
    with pytest.raises(CurateError, match=f"s3://{BUCKET}/poor.bin cannot be read: .*{said}"):
        bring(path)
    assert path.stat().st_blocks == 0 and not list(path.parent.glob(".unfinished-*"))


def test_a_store_that_gives_no_parts_is_said(
    server: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, "SMALL", 400)
    server.put("large.bin", b"x" * 1_000)
    path = look(at("large.bin"))
    server.proxy.fault = lambda *_: "whole"
    with pytest.raises(CurateError, match="does not give parts of an object"):
        bring(path)


def test_a_store_that_cannot_write_only_what_is_new_is_said(server: ObjectStore) -> None:
    server.proxy.fault = lambda method, _: "501" if method == "PUT" else None
    store = open_store("s3", BUCKET)
    with pytest.raises(CurateError, match=r"conditional PUT.*--out, --run-dir"):
        store.write("run/lock.json", b"mine", only_new=True)


def test_a_bucket_that_may_only_be_read_is_said_before_any_work(server: ObjectStore) -> None:
    server.proxy.fault = lambda method, _: "403" if method in ("PUT", "POST") else None
    with pytest.raises(CurateError, match=r"cannot be written: .* no right .*--out, --run-dir"):
        require_writable(at("mine/out.parquet"))
    server.proxy.reset()
    require_writable(at("mine/out.parquet"))
    assert server.keys("mine/") == []


def test_no_such_bucket_is_said() -> None:
    with pytest.raises(CurateError, match="there is no bucket 'nowhere'; is its name right"):
        look(as_path("s3://nowhere/crawl.parquet"))


def test_an_error_says_no_secret(server: ObjectStore) -> None:
    server.proxy.fault = lambda *_: "403"
    with pytest.raises(CurateError) as error:
        look(at("secret"))
    told = [repr(error.value), repr(error.value.__cause__), str(error.getrepr(chain=True))]
    assert not any("hidden-word" in text or "Signature" in text for text in told)


def test_missing_credentials_are_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    with pytest.raises(
        CurateError, match=r"no credentials .* AWS_ACCESS_KEY_ID .* `aws configure`"
    ):
        look(at("a"))


def test_the_credentials_of_a_profile_are_used(
    server: ObjectStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server.put("profile", b"x")
    (tmp_path / "credentials").write_text(
        "[work]\naws_access_key_id = a\naws_secret_access_key = b\n"
    )
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_PROFILE", "work")
    assert look(at("profile")).exists()


def test_without_obstore_a_sentence_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "obstore", None)
    monkeypatch.setitem(__import__("sys").modules, "obstore.exceptions", None)
    with pytest.raises(CurateError, match="without obstore; install it with: pip"):
        look(at("a"))
