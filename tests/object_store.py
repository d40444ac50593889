"""An S3 server on this computer (moto's), and a proxy before it that cuts, refuses and counts."""

import http.client
import http.server
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "hidden-word"}
BUCKET = "crawls"
REFUSALS = {
    "403": "AccessDenied",
    "429": "TooManyRequests",
    "501": "NotImplemented",
    "503": "SlowDown",
}


@dataclass
class ObjectStore:
    """The server's bucket, through the proxy."""

    client: Any
    proxy: "Proxy"

    def put(self, key: str, data: bytes | Path) -> None:
        """Upload; a file as rclone does, with its time of change."""
        kept = {}
        if isinstance(data, Path):
            seconds, rest = divmod(data.stat().st_mtime_ns, 10**9)
            kept = {"mtime": f"{seconds}.{rest:09d}"}
            data = data.read_bytes()
        self.client.put_object(Bucket=BUCKET, Key=key, Body=data, Metadata=kept)

    def get(self, key: str) -> bytes:
        body: bytes = self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return body

    def keys(self, prefix: str = "") -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return [each["Key"] for page in pages for each in page.get("Contents", [])]


@dataclass
class Proxy:
    """Forwards requests, unless ``fault`` answers; counts them and the bytes that were sent."""

    upstream: tuple[str, int]
    fault: Callable[[str, str], str | None] = lambda method, path: None
    """May answer "cut" (the middle of the body), "whole" (no parts), "slow", "503", "403"..."""
    requests: list[tuple[str, str]] = field(default_factory=list)
    sent: dict[str, int] = field(default_factory=dict)
    at_once: int = 0
    most_at_once: int = 0

    def reset(self) -> None:
        self.fault = lambda method, path: None
        self.requests.clear()
        self.sent.clear()
        self.most_at_once = 0


@contextmanager
def serving(proxy: Proxy) -> Iterator[str]:
    """Run the proxy; give its URL."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _forward(self) -> None:
            proxy.at_once += 1
            proxy.most_at_once = max(proxy.most_at_once, proxy.at_once)
            try:
                self._answered()
            finally:
                proxy.at_once -= 1

        def _answered(self) -> None:
            path = self.path.partition("?")[0]
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            proxy.requests.append((self.command, path))
            said = proxy.fault(self.command, self.path)
            if said in REFUSALS:
                self._answer(
                    int(said), [], f"<Error><Code>{REFUSALS[said]}</Code></Error>".encode()
                )
                return
            if said == "whole":
                del self.headers["Range"]
            link = http.client.HTTPConnection(*proxy.upstream)
            link.request(self.command, self.path, body, dict(self.headers))
            answer = link.getresponse()
            data = answer.read()
            if said == "slow":
                threading.Event().wait(0.05)
            self._answer(answer.status, answer.getheaders(), data, cut=said == "cut")
            link.close()

        def _answer(
            self, status: int, headers: list[tuple[str, str]], data: bytes, cut: bool = False
        ) -> None:
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                    self.send_header(name, value)
            length = {name.lower(): value for name, value in headers}.get("content-length", "0")
            self.send_header("Content-Length", length if self.command == "HEAD" else str(len(data)))
            self.end_headers()
            path = self.path.partition("?")[0]
            data = data[: len(data) // 2] if cut else data
            proxy.sent[path] = proxy.sent.get(path, 0) + len(data)
            self.wfile.write(data)
            if cut:
                self.wfile.flush()
                self.close_connection = True
                self.connection.close()

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = _forward  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def object_store(cache: Path) -> Iterator[ObjectStore]:
    """Start a server with one bucket, and let this process find it; ``cache`` is the local one."""
    import boto3
    from moto.server import ThreadedMotoServer

    from curate.store.mirror import open_store

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    proxy = Proxy(server.get_host_and_port())
    with serving(proxy) as url, pytest.MonkeyPatch.context() as patch:
        settings = {
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": url,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "CURATE_CACHE_DIR": str(cache),
        }
        for name, value in settings.items():
            patch.setenv(name, value)
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "HTTP_PROXY", "http_proxy"):
            patch.delenv(name, raising=False)
        open_store.cache_clear()
        client = boto3.client("s3", endpoint_url="http://{}:{}".format(*proxy.upstream))
        client.create_bucket(Bucket=BUCKET)
        yield ObjectStore(client, proxy)
        open_store.cache_clear()
    server.stop()
