import os
import subprocess
from pathlib import Path

import pytest

import curate.relations.wordnet_setup as setup
from curate.errors import CurateError
from curate.relations.wordnet_setup import data_folder, ensure_wordnet, lexnames

FILES = ("data.noun", "index.sense")


def write_files(folder, names=FILES):
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text(name)


def unreachable(folder):
    (folder / "half").touch()
    raise LookupError("NLTK's server cannot be reached")


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine without WordNet, network or Debian packages."""
    find = setup.find_wordnet
    monkeypatch.setattr(setup, "find_wordnet", lambda folders=None: find(folders or []))
    monkeypatch.setattr(setup, "download_wordnet", unreachable)
    monkeypatch.setattr(setup, "DEBIAN_FOLDER", tmp_path / "usr" / "share" / "wordnet")
    monkeypatch.setattr(setup.shutil, "which", lambda _: None)
    monkeypatch.setenv("CURATE_DATA", str(tmp_path / "data"))
    return tmp_path


@pytest.fixture
def apt(machine, monkeypatch):
    """apt-get and dpkg of a fresh container: no package lists until they are fetched."""
    ran = []

    def run(command, cwd, **_):
        ran.append(" ".join(command[:2]))
        if command[1] == "download" and "apt-get update" not in ran:
            raise subprocess.CalledProcessError(100, command, stderr="E: Unable to locate package")
        if command[1] == "download":
            (cwd / "wordnet.deb").touch()
        if command[0] == "dpkg":
            write_files(cwd / setup.DEBIAN_FOLDER.relative_to("/"))

    monkeypatch.setattr(setup.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(setup.subprocess, "run", run)
    monkeypatch.setattr(setup.os, "geteuid", lambda: 0)
    return ran


def test_the_data_folder_is_the_chosen_one_or_in_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("CURATE_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    monkeypatch.delenv("CURATE_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert data_folder() == Path("/cache/curate")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/someone")
    assert data_folder() == Path("/home/someone/.cache/curate")


def test_nltks_own_data_comes_first(machine, monkeypatch):
    monkeypatch.setattr(setup, "find_wordnet", lambda folders=None: machine / "nltk")
    assert ensure_wordnet() == machine / "nltk"
    assert not (machine / "data").exists()


def test_what_was_set_up_once_is_used_again(machine):
    write_files(machine / "usr" / "share" / "wordnet")
    folder = ensure_wordnet()
    said = []
    assert ensure_wordnet(said.append) == folder == machine / "data" / "nltk_data"
    assert said == []


def test_nltks_download_is_tried_before_debians_packages(machine, monkeypatch):
    def download(folder):
        write_files(folder / "corpora" / "wordnet", ("lexnames", "index.sense"))

    monkeypatch.setattr(setup, "download_wordnet", download)
    said = []
    folder = ensure_wordnet(said.append)
    assert sorted(p.name for p in (folder / "corpora" / "wordnet").iterdir()) == [
        "index.sense",
        "lexnames",
    ]
    assert len(said) == 1 and "NLTK's server" in said[0]


def test_debians_installed_wordnet_is_copied_and_completed(machine):
    write_files(machine / "usr" / "share" / "wordnet")
    corpus = ensure_wordnet() / "corpora" / "wordnet"
    assert (corpus / "data.noun").read_text() == "data.noun"
    assert (corpus / "lexnames").read_text() == lexnames()
    assert [p.name for p in (machine / "data").iterdir()] == ["nltk_data"]


def test_debians_packages_are_unpacked_without_installing(machine, apt):
    corpus = ensure_wordnet() / "corpora" / "wordnet"
    assert sorted(p.name for p in corpus.iterdir()) == ["data.noun", "index.sense", "lexnames"]
    assert apt == ["apt-get download", "apt-get update", "apt-get download", "dpkg -x"]
    assert [p.name for p in (machine / "data" / "nltk_data").iterdir()] == ["corpora"]


def test_what_others_could_write_to_is_made_private_for_nltk_reads_nothing_else(machine):
    before = os.umask(0o000)
    try:
        write_files(machine / "usr" / "share" / "wordnet")
        folder = ensure_wordnet()
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in folder.rglob("*")}
    assert modes == {0o755, 0o644}


def test_an_ordinary_user_does_not_fetch_package_lists(machine, apt, monkeypatch):
    monkeypatch.setattr(setup.os, "geteuid", lambda: 1000)
    with pytest.raises(CurateError, match=r"`apt-get download` failed \(E: Unable to locate"):
        ensure_wordnet()
    assert apt == ["apt-get download"]


def test_a_machine_without_any_of_them_is_told_what_to_do(machine):
    with pytest.raises(CurateError) as error:
        ensure_wordnet()
    for part in ("cannot be reached", "apt-get", "NLTK_DATA", "--graph none", str(machine)):
        assert part in str(error.value)
    assert list((machine / "data").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(machine, monkeypatch):
    (machine / "file").touch()
    monkeypatch.setenv("CURATE_DATA", str(machine / "file" / "data"))
    with pytest.raises(CurateError, match=r"file/data/nltk_data.*CURATE_DATA"):
        ensure_wordnet()


def test_a_faster_process_wins_and_nothing_is_left_over(machine, monkeypatch):
    ours = machine / "data" / "nltk_data" / "corpora" / "wordnet"

    def download(folder):
        write_files(folder / "corpora" / "wordnet", ("lexnames", "index.sense"))
        write_files(ours, ("lexnames", "index.sense", "theirs"))

    monkeypatch.setattr(setup, "download_wordnet", download)
    assert ensure_wordnet() == machine / "data" / "nltk_data"
    assert (ours / "theirs").exists()
    assert [p.name for p in (machine / "data").iterdir()] == ["nltk_data"]


def test_an_incomplete_folder_in_our_place_is_not_taken_for_wordnet(machine):
    write_files(machine / "usr" / "share" / "wordnet")
    write_files(machine / "data" / "nltk_data" / "corpora" / "wordnet", ("data.noun",))
    with pytest.raises(CurateError, match="cannot be set up"):
        ensure_wordnet()


def test_lexnames_has_the_45_lines_of_the_format():
    lines = lexnames().splitlines()
    assert len(lines) == 45
    assert lines[5] == "05\tnoun.animal\t1"
    assert [lines[i].split("\t")[2] for i in (0, 2, 29, 44)] == ["3", "4", "2", "3"]
