"""A stand-in for a hub and its CDN, and for a bucket: real HTTP on loopback, with faults on demand.

`/{owner}/{name}/resolve/{revision}/{file}` answers as a hub does; `/files/{name}` is the bucket.
"""

import hashlib
import http.server
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

FILES = ("adapter_config.json", "adapter_model.safetensors")

Answer = Callable[["Handler", bytes], None]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stand_in: "StandIn"
    is_cdn: bool

    def do_GET(self) -> None:
        self.more: dict[str, str] = {}
        path = urlsplit(self.path).path
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.stand_in.asked.append((self.is_cdn, self.path, headers))
        with suppress(OSError):  # a client that left is no fault of the stand-in
            self.stand_in.answer(self, path, headers)

    def say(self, status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {"content-length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        for name, value in self.more.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: Any) -> None:
        pass


@dataclass
class Repository:
    token: str | None = None
    gated: bool = False
    refs: dict[str, str] = field(default_factory=dict)
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)


class StandIn:
    """`asked` is what came: (whether at the CDN, path, headers). `faults` maps a file's name to
    how it is answered in place of whole."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[bool, str, dict[str, str]]] = []
        self.faults: dict[str, Answer] = {}
        self.by_cdn = False
        self.tells_commits = True
        self.let_go = threading.Event()  # ends what stalls
        self.after_config: Callable[[], None] | None = None
        self.url = self.cdn_url = ""

    def push(
        self, name: str, files: Mapping[str, bytes], *, branch: str = "main", **fields: Any
    ) -> str:
        """The new commit of a branch."""
        repository = self.repositories.setdefault(name, Repository(**fields))
        commit = hashlib.sha1(repr((files, len(repository.commits))).encode()).hexdigest()
        repository.commits[commit] = dict(files)
        repository.refs[branch] = commit
        return commit

    def answer(self, handler: Handler, path: str, headers: Mapping[str, str]) -> None:
        if path.startswith("/files/"):
            self._send(handler, path.removeprefix("/files/"), self.files)
            return
        parts = path.lstrip("/").split("/", 4)
        owner, name, _, revision, file = (unquote(part) for part in parts)
        repository = self.repositories.get(f"{owner}/{name}", Repository())
        token = headers.get("authorization", "").removeprefix("Bearer ")
        commit = repository.refs.get(revision, revision)
        found = repository.commits.get(commit)
        if not repository.commits or (repository.token and not repository.gated and not token):
            handler.say(401, {"x-error-code": "RepoNotFound"})
        elif repository.token and repository.token != token:
            handler.say(403, {"x-error-code": "GatedRepo"} if repository.gated else {})
        elif found is None:
            handler.say(404, {"x-error-code": "RevisionNotFound"})
        else:
            handler.more = {"x-repo-commit": commit} if self.tells_commits else {}
            self._send_by_way(handler, file, found)
            if self.after_config is not None and file.endswith(FILES[0]):
                self.after_config()

    def _send_by_way(self, handler: Handler, file: str, found: Mapping[str, bytes]) -> None:
        if self.by_cdn and file in found:
            self.files[file] = found[file]
            handler.say(302, {"location": f"{self.cdn_url}/files/{file}?signature=s3cr3t"})
        else:
            self._send(handler, file, found)

    def _send(self, handler: Handler, file: str, found: Mapping[str, bytes]) -> None:
        fault = self.faults.get(file.rsplit("/", 1)[-1])
        if fault is not None:
            fault(handler, found.get(file, b""))
        elif file in found:
            handler.say(200, body=found[file])
        else:
            handler.say(404, {"x-error-code": "EntryNotFound"})


def status(code: int, **headers: str) -> Answer:
    return lambda handler, data: handler.say(
        code, {name.replace("_", "-"): value for name, value in headers.items()}
    )


def truncated(handler: Handler, data: bytes) -> None:
    """Announces all of it, sends half, hangs up."""
    handler.say(200, {"content-length": str(len(data))}, data[: len(data) // 2])
    handler.close_connection = True


def announced(size: int) -> Answer:
    """Says that it has `size` bytes, whatever it has."""

    def answer(handler: Handler, data: bytes) -> None:
        handler.say(200, {"content-length": str(size)}, data)
        handler.close_connection = True

    return answer


def _unannounced(handler: Handler) -> None:
    handler.send_response(200)
    for name, value in handler.more.items():
        handler.send_header(name, value)
    handler.send_header("connection", "close")
    handler.end_headers()
    handler.close_connection = True


def unannounced(handler: Handler, data: bytes) -> None:
    """Says nothing of the size; the end is the end of the connection."""
    _unannounced(handler)
    handler.wfile.write(data)


def endless(handler: Handler, data: bytes) -> None:
    _unannounced(handler)
    with suppress(ConnectionError):
        while not handler.stand_in.let_go.is_set():
            handler.wfile.write(b"x" * 65536)


def stalled(handler: Handler, data: bytes) -> None:
    """Half of it, then nothing until `let_go`, then the rest."""
    handler.say(200, {"content-length": str(len(data))}, data[: len(data) // 2])
    handler.stand_in.let_go.wait(60)
    handler.wfile.write(data[len(data) // 2 :])


@contextmanager
def running(tls: ssl.SSLContext | None = None) -> Iterator[StandIn]:
    """Both servers; with `tls` they speak https."""
    stand_in = StandIn()
    servers = []
    for is_cdn in (False, True):
        kind = type("Handler", (Handler,), {"stand_in": stand_in, "is_cdn": is_cdn})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind)
        if tls is not None:  # shaken hands with in the thread of the call
            server.socket = tls.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
        servers.append(server)
    scheme = "http" if tls is None else "https"
    addresses = (f"{scheme}://127.0.0.1:{server.server_address[1]}" for server in servers)
    stand_in.url, stand_in.cdn_url = addresses
    try:
        yield stand_in
    finally:
        stand_in.let_go.set()
        for server in servers:
            server.shutdown()
            server.server_close()
