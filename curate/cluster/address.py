"""Where a cluster is said to be, and what is said where there is none."""

import socket

from curate.errors import CurateError


def require_listening(address: str, seconds: float) -> None:
    """Raise OSError where nobody listens at HOST:PORT; other addresses are left to the engine."""
    host, _, port = address.rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), seconds).close()


def no_cluster(address: str, reason: str) -> CurateError:
    """Say that there is no cluster, and how one is started."""
    at = "" if address == "auto" else f" at {address}"
    return CurateError(
        f"there is no Ray cluster{at} ({reason}); start one (`ray start --head` on one machine,"
        " `ray start --address=HOST:6379` on the others) and name it with --engine"
        " ray:HOST:6379, or use --engine local."
    )
