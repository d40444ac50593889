"""The real program under a terminal: killed in the middle, and gone on with."""

import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

ROWS, COLUMNS = 24, 80
PATIENCE = 60


class Terminal:
    """The other side of a program's terminal: reads what it draws, types."""

    def __init__(self, descriptor: int, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._descriptor = descriptor
        self.drawn = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(self._descriptor, 65_536):
                self.drawn += data

    def type(self, keys: str) -> None:
        os.write(self._descriptor, keys.encode())

    def wait(self, is_so: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE
        while not is_so():
            assert time.monotonic() < until, self.drawn[-2000:].decode(errors="replace")
            assert self.process.poll() is None or is_so(), self.drawn.decode(errors="replace")
            time.sleep(0.01)


@contextlib.contextmanager
def running(*arguments: str) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 800, 480))
    line = [sys.executable, "-c", "import cli; cli.main()", "verify", *arguments]
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    process = subprocess.Popen(
        line, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, env=environment
    )
    os.close(theirs)
    try:
        yield Terminal(ours, process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(ours)


def answered(path: Path) -> list[str]:
    """Read all bytes at once, as the file may be replaced meanwhile."""
    return pl.read_parquet(path.read_bytes())["key"].to_list() if path.exists() else []


def test_kill_9_loses_no_answer_and_the_same_command_goes_on(
    tmp_path: Path, write_weighted: Callable[..., Path]
) -> None:
    images = [b"gone" if row == 1 else None for row in range(40)]
    kept = pl.read_parquet(write_weighted(40))["image"].to_list()
    path = write_weighted(40, image=[bad or good for bad, good in zip(images, kept, strict=True)])
    out = tmp_path / "crawl.verified.parquet"
    arguments = (str(path), "--by", "anna", "--limit", "6")
    with running(*arguments) as terminal:
        terminal.wait(lambda: b"picture 0" in terminal.drawn and b"none of the" in terminal.drawn)
        terminal.type("\r")
        terminal.wait(lambda: b"not_image" in terminal.drawn)
        terminal.type("d")
        terminal.wait(lambda: len(answered(out)) == 2)
        os.kill(terminal.process.pid, signal.SIGKILL)
    assert answered(out) == ["k00", "k01"]

    with running(*arguments) as terminal:
        terminal.wait(lambda: b"picture 2" in terminal.drawn and b"none of the" in terminal.drawn)
        assert b"2 of 6" in terminal.drawn
        for key in "\r1s":
            asked = terminal.drawn.count(b"none of the")
            terminal.type(key)
            terminal.wait(lambda asked=asked: terminal.drawn.count(b"none of the") > asked)
        terminal.type("1")
        terminal.wait(lambda: b"All are answered" in terminal.drawn)
        terminal.type("q")
        terminal.wait(lambda: terminal.process.poll() == 0)
        terminal.wait(lambda: b"5 of 6 answered" in terminal.drawn)
    assert answered(out) == ["k00", "k01", "k02", "k03", "k05"]
    assert [file.name for file in tmp_path.glob(".unfinished*")] == []
