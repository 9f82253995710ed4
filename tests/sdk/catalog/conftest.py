"""A package index and a model hub on the loopback, spoken to by the real pip and the real hub library."""

from __future__ import annotations

import hashlib
import io
import os
import random
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from prudent.catalog import FileEntry, HubLocation, MirrorPart, ModelEntry, Wheel
from prudent.catalog.channels.hub import unreachable

REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def prudent_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and no hub that could be reached, unless a test starts one."""
    home = tmp_path / "home"
    monkeypatch.setenv("PRUDENT_HOME", str(home))
    monkeypatch.delenv("PRUDENT_OFFLINE", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    unreachable.cache_clear()
    return home


class Served:
    """A server on the loopback that counts what it is asked for and can hold back or cut an answer."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        self.ranges: list[str] = []
        self.hold: threading.Event | None = None
        self.half_sent = threading.Event()
        self.client_gone = threading.Event()
        self.cut_next = False
        served = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:
                pass

            def do_HEAD(self) -> None:
                served.requests.append(("HEAD", self.path))
                served.answer(self, head=True)

            def do_GET(self) -> None:
                served.requests.append(("GET", self.path))
                served.answer(self, head=False)

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, handler: BaseHTTPRequestHandler, *, head: bool) -> None:
        raise NotImplementedError

    def gets(self, ending: str) -> int:
        return sum(method == "GET" and path.endswith(ending) for method, path in self.requests)

    def send(
        self, handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes
    ) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if handler.command == "HEAD":
            return
        half = len(body) // 2
        if self.cut_next and half:
            self.cut_next = False
            handler.wfile.write(body[:half])
            handler.close_connection = True
            return
        if self.hold is not None and half:
            handler.wfile.write(body[:half])
            self.half_sent.set()
            handler.connection.settimeout(0.1)
            while not self.hold.is_set():
                try:
                    if handler.connection.recv(1) == b"":
                        self.client_gone.set()
                        return
                except TimeoutError:
                    continue
                except OSError:
                    self.client_gone.set()
                    return
            handler.connection.settimeout(None)
            body = body[half:]
        handler.wfile.write(body)

    def close(self) -> None:
        if self.hold is not None:
            self.hold.set()
        self._server.shutdown()
        self._server.server_close()


class PackageIndex(Served):
    """A simple index."""

    def __init__(self) -> None:
        self.files: dict[str, dict[str, bytes]] = {}
        super().__init__()

    def publish(self, package: str, members: dict[str, bytes], version: str = "1.0") -> Wheel:
        module = package.replace("-", "_")
        info = f"{module}-{version}.dist-info"
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
            archive.writestr(
                f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
            )
            archive.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            archive.writestr(f"{info}/RECORD", "")
        content = data.getvalue()
        self.files.setdefault(package, {})[f"{module}-{version}-py3-none-any.whl"] = content
        return Wheel(version=version, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))

    def answer(self, handler: BaseHTTPRequestHandler, *, head: bool) -> None:
        parts = [part for part in handler.path.split("/") if part]
        files = self.files.get(parts[1], {}) if len(parts) >= 2 else {}
        if len(parts) == 2 and files:
            links = "".join(f'<a href="/simple/{parts[1]}/{name}">{name}</a>' for name in files)
            page = f"<!DOCTYPE html><html><body>{links}</body></html>".encode()
            held, self.hold = self.hold, None
            self.send(handler, 200, {"Content-Type": "text/html"}, page)
            self.hold = held
        elif len(parts) == 3 and parts[2] in files:
            self.send(handler, 200, {"Content-Type": "application/octet-stream"}, files[parts[2]])
        else:
            self.send(handler, 404, {}, b"")


class HubServer(Served):
    """The two calls of the hub that a download makes: what a file is, and its bytes."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.etags: dict[str, str] = {}
        super().__init__()

    def publish(self, repo: str, path: str, content: bytes, *, etag: str | None = None) -> None:
        url = f"/{repo}/resolve/{REVISION}/{path}"
        self.files[url] = content
        self.etags[url] = etag or hashlib.sha256(content).hexdigest()

    def answer(self, handler: BaseHTTPRequestHandler, *, head: bool) -> None:
        if handler.path == "/":
            self.send(handler, 200, {}, b"")
            return
        content = self.files.get(handler.path)
        if content is None:
            self.send(handler, 404, {"X-Error-Code": "EntryNotFound"}, b"")
            return
        headers = {
            "ETag": f'"{self.etags[handler.path]}"',
            "X-Repo-Commit": REVISION,
            "Accept-Ranges": "bytes",
        }
        wanted = handler.headers.get("Range")
        if wanted is None or head:
            self.send(handler, 200, headers, content)
            return
        self.ranges.append(wanted)
        start = int(wanted.removeprefix("bytes=").split("-")[0])
        headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self.send(handler, 206, headers, content[start:])


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[PackageIndex]:
    """An empty package index that pip is configured to use, through pip's own settings."""
    server = PackageIndex()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "20")
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    yield server
    server.close()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """An empty hub that HF_ENDPOINT names."""
    server = HubServer()
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    yield server
    server.close()


def noise(size: int, seed: str = "") -> bytes:
    """Bytes that do not compress, the same every time."""
    return random.Random(f"prudent{seed}").randbytes(size)


@pytest.fixture
def content() -> Callable[..., bytes]:
    """Makes bytes that do not compress."""
    return noise


@pytest.fixture
def make_model() -> Callable[..., ModelEntry]:
    """Makes a catalog entry for one file of these bytes, on the channels that are given."""

    def make(
        data: bytes,
        *,
        id: str = "tiny",
        wheels: dict[str, Wheel] | None = None,
        members: list[tuple[str, str]] | None = None,
        hub_repo: str | None = None,
        sha256: str | None = None,
    ) -> ModelEntry:
        return ModelEntry(
            id=id,
            task="chat",
            family="none",
            license="MIT",
            upstream="made by a test",
            hub=HubLocation(repo=hub_repo, revision=REVISION) if hub_repo else None,
            wheels=wheels or {},
            files=(
                FileEntry(
                    name="weights.bin",
                    sha256=sha256 or hashlib.sha256(data).hexdigest(),
                    bytes=len(data),
                    hub_path="weights.bin" if hub_repo else None,
                    mirror=tuple(MirrorPart(wheel=wheel, member=member) for wheel, member in members or []),
                ),
            ),
        )

    return make
