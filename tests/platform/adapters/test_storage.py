"""Both stores keep whole objects, and say in one way that they cannot."""

import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest
from motet_platform.adapters.storage import BucketStore, FolderStore, Store, store_at
from motet_platform.errors import StorageFull, Unavailable


class Bucket(BaseHTTPRequestHandler):
    """As much of S3 as the store speaks, in memory."""

    objects: dict[str, bytes]

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    @property
    def key(self) -> str:
        return unquote(urlsplit(self.path).path.removeprefix("/bucket").lstrip("/"))

    def body(self) -> bytes:
        if "chunked" not in self.headers.get("transfer-encoding", ""):
            data = self.rfile.read(int(self.headers["content-length"]))
        else:
            data = b""
            while size := int(self.rfile.readline(), 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        if "aws-chunked" not in self.headers.get("content-encoding", ""):
            return data
        plain, rest = b"", data
        while size := int(rest.split(b"\r\n", 1)[0].split(b";")[0], 16):
            rest = rest.split(b"\r\n", 1)[1]
            plain, rest = plain + rest[:size], rest[size + 2 :]
        return plain

    def do_PUT(self) -> None:
        if source := self.headers.get("x-amz-copy-source"):
            origin = unquote(source).lstrip("/").removeprefix("bucket/")
            self.objects[self.key] = self.objects[origin]
            self.answer(200, b"<CopyObjectResult><ETag>e</ETag></CopyObjectResult>")
            return
        self.objects[self.key] = self.body()
        self.answer(200, ETag='"e"')

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        if "list-type" in query:
            prefix = query.get("prefix", [""])[0]
            keys = [
                f"<Contents><Key>{escape(k)}</Key></Contents>"
                for k in sorted(self.objects)
                if k.startswith(prefix)
            ]
            listed = "".join(keys)
            self.answer(200, f"<ListBucketResult>{listed}</ListBucketResult>".encode())
        elif self.key in self.objects:
            self.answer(200, self.objects[self.key], ETag='"e"')
        else:
            self.answer(404)

    do_HEAD = do_GET

    def do_DELETE(self) -> None:
        self.objects.pop(self.key, None)
        self.answer(204)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Store, dict[str, bytes]]]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    objects: dict[str, bytes] = {}
    handler = type("Handler", (Bucket,), {"objects": objects})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    yield store_at("s3://bucket/some/prefix", endpoint=endpoint), objects
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["folder", "bucket"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return store_at(f"file://{tmp_path}/store")
    store: Store = request.getfixturevalue("bucket")[0]
    return store


def read(store: Store, key: str, folder: Path) -> bytes:
    return store.local(key, folder).read_bytes()


def test_it_works(any_store: Store, tmp_path: Path) -> None:
    data = bytes(range(256)) * 1000
    any_store.put("staging/1/a", io.BytesIO(data))
    any_store.copy("staging/1/a", "adapters/d/a")
    any_store.remove("staging/1")
    assert read(any_store, "adapters/d/a", tmp_path) == data
    any_store.remove("adapters/d")
    any_store.remove("adapters/d")


def test_put_replaces_and_copy_may_be_repeated(any_store: Store, tmp_path: Path) -> None:
    any_store.put("a/x", io.BytesIO(b"one"))
    any_store.put("a/x", io.BytesIO(b"two"))
    for _ in range(2):
        any_store.copy("a/x", "b/x")
    assert read(any_store, "b/x", tmp_path) == b"two"


def test_remove_takes_one_folder_alone(any_store: Store, tmp_path: Path) -> None:
    for key in ("staging/1/a", "staging/12/a"):
        any_store.put(key, io.BytesIO(b"x"))
    any_store.remove("staging/1")
    assert read(any_store, "staging/12/a", tmp_path) == b"x"


def test_addresses(bucket: tuple[Store, dict[str, bytes]], tmp_path: Path) -> None:
    store, objects = bucket
    assert store.uri("adapters/d") == "s3://bucket/some/prefix/adapters/d"
    store.put("adapters/d/f", io.BytesIO(b"x"))
    assert objects == {"some/prefix/adapters/d/f": b"x"}
    assert isinstance(store, BucketStore)
    folder = store_at(f"file://{tmp_path}/a%20b")
    assert isinstance(folder, FolderStore)
    folder.put("k", io.BytesIO(b"x"))
    assert (tmp_path / "a b" / "k").is_file()
    assert folder.uri("k") == f"file://{tmp_path}/a%20b/k"


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    store = store_at(f"file://{tmp_path}/store")

    class Full(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            import errno

            raise OSError(errno.ENOSPC, "no space")

    with pytest.raises(StorageFull):
        store.put("a/x", Full())  # type: ignore[arg-type]
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_trouble_is_said_in_one_way(
    any_store: Store, bucket: tuple[Store, dict[str, bytes]], tmp_path: Path
) -> None:
    with pytest.raises(Unavailable) as refused:
        any_store.copy("not/there", "a/x")
    assert refused.value.code == "store_unavailable"


def test_an_upload_through_a_bucket(
    alice: Any, upload: Any, work: Any, bucket: tuple[Store, dict[str, bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    store, objects = bucket
    for module in ("services", "files", "validation", "resumable", "tasks"):
        monkeypatch.setattr(f"motet_platform.adapters.{module}.get_store", lambda: store)
    assert upload(alice).status_code == 202
    assert len(objects) == 2
    work()
    shown = alice.api.get("/v1/adapters/support/versions/1").json()
    assert shown["state"] == "ready"
    assert sorted(objects) == [
        f"some/prefix/adapters/{shown['digest']}/adapter_config.json",
        f"some/prefix/adapters/{shown['digest']}/adapter_model.safetensors",
    ]
