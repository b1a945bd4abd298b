"""Adapters come to the disk whole, verified and once."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from motet_inference.adapters import download as download_module
from motet_inference.adapters.errors import AdapterError
from motet_inference.adapters.files import MAX_BYTES
from motet_inference.adapters.store import AdapterStore
from motet_inference.rpc.digest import adapter_digest

pytestmark = pytest.mark.timeout(60)
FILES = ("adapter_config.json", "adapter_model.safetensors")


@pytest.fixture
async def make_store(tmp_path: Path) -> AsyncIterator[Callable[..., AdapterStore]]:
    made: list[AdapterStore] = []

    def make(limit: int = 1 << 30, **options: Any) -> AdapterStore:
        made.append(AdapterStore(tmp_path / "cache", limit=limit, **options))
        return made[-1]

    yield make
    for store in made:
        await store.close()


@pytest.fixture
def publish(tmp_path: Path) -> Callable[[str], tuple[str, str]]:
    """publish(name) -> (digest, file uri) of a version of 2,000 bytes."""

    def make(name: str) -> tuple[str, str]:
        folder = tmp_path / "store" / name
        folder.mkdir(parents=True)
        hashes = []
        for file in FILES:
            data = f"{name} {file} ".encode().ljust(1000, b".")
            (folder / file).write_bytes(data)
            hashes.append(hashlib.sha256(data).hexdigest())
        return adapter_digest(*hashes), folder.as_uri()

    return make


def left_over(tmp_path: Path) -> set[str]:
    return {p.name for p in (tmp_path / "cache").iterdir()} - {".lock"}


async def test_it_works(make_store: Any, publish: Any, tmp_path: Path) -> None:
    digest, uri = publish("a")
    store = make_store()
    async with store.use(digest, uri) as folder:
        assert folder == tmp_path / "cache" / digest
        assert {p.name for p in folder.iterdir()} == set(FILES)
        assert (folder / FILES[0]).read_bytes().startswith(b"a adapter_config.json")
    assert store.digests == [digest]
    assert left_over(tmp_path) == {digest}


async def test_other_bytes_are_refused_and_leave_nothing(
    make_store: Any, publish: Any, tmp_path: Path
) -> None:
    digest, _ = publish("a")
    _, uri = publish("b")
    store = make_store()
    with pytest.raises(AdapterError) as caught:
        async with store.use(digest, uri):
            pass
    assert caught.value.code == "adapter_digest_mismatch"
    assert store.digests == []
    assert left_over(tmp_path) == set()


@pytest.mark.parametrize(
    "uri", ["file:///nowhere/at/all", "http://example.org/a", "file://host/a", "s3:///a", "", "x"]
)
async def test_what_cannot_be_had_is_unavailable(uri: str, make_store: Any, tmp_path: Path) -> None:
    store = make_store()
    with pytest.raises(AdapterError) as caught:
        async with store.use("a" * 64, uri):
            pass
    assert caught.value.code == "adapter_unavailable"
    assert left_over(tmp_path) == set()


@pytest.mark.parametrize("digest", ["", "../../etc", "A" * 64, "a" * 63, "a" * 64 + "/.."])
async def test_a_digest_is_never_a_path(digest: str, make_store: Any, publish: Any) -> None:
    _, uri = publish("a")
    with pytest.raises(AdapterError, match="malformed"):
        async with make_store().use(digest, uri):
            pass


async def test_an_endless_file_is_cut_off(
    make_store: Any, publish: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    digest, uri = publish("a")
    monkeypatch.setitem(MAX_BYTES, FILES[1], 999)
    with pytest.raises(AdapterError, match="too large"):
        async with make_store().use(digest, uri):
            pass
    assert left_over(tmp_path) == set()


async def test_many_wait_for_one_download(make_store: Any, publish: Any, monkeypatch: Any) -> None:
    digest, uri = publish("a")
    opened: list[str] = []
    gate = threading.Event()
    real = download_module._copy

    def counted(source: Any, name: str, target: Path) -> Any:
        opened.append(name)
        gate.wait(30)
        return real(source, name, target)

    monkeypatch.setattr(download_module, "_copy", counted)
    store = make_store()

    async def use() -> None:
        async with store.use(digest, uri):
            pass

    tasks = [asyncio.create_task(use()) for _ in range(20)]
    await asyncio.sleep(0)
    tasks[0].cancel()  # who leaves does not end it for the others
    gate.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert results[1:] == [None] * 19
    assert opened == list(FILES)


async def test_the_least_recently_used_is_dropped_but_never_one_in_use(
    make_store: Any, publish: Any, tmp_path: Path
) -> None:
    versions = [publish(name) for name in "abcd"]
    store = make_store(limit=4500)
    async with store.use(*versions[0]) as held:
        for version in versions[1:]:
            async with store.use(*version):
                pass
        assert held.is_dir()
        assert store.digests == [versions[0][0], versions[3][0]]
    async with store.use(*versions[1]):
        pass
    assert store.digests == [versions[3][0], versions[1][0]]
    await store.close()
    assert {n for n in left_over(tmp_path) if len(n) == 64} == set(store.digests)


async def test_a_restart_keeps_what_is_whole(make_store: Any, publish: Any, tmp_path: Path) -> None:
    digest, uri = publish("a")
    store = make_store()
    async with store.use(digest, uri):
        pass
    await store.close()
    (tmp_path / "cache" / ".partial-x").mkdir()
    (tmp_path / "cache" / digest / ".partial-y").touch()
    (tmp_path / "store" / "a" / FILES[0]).unlink()
    store = make_store()
    assert store.digests == [digest]
    assert left_over(tmp_path) == {digest}
    async with store.use(digest, uri) as folder:
        assert {file.name for file in folder.iterdir()} == set(FILES)


async def test_two_workers_do_not_share_a_folder(make_store: Any) -> None:
    make_store()
    with pytest.raises(RuntimeError, match="another worker"):
        make_store()


async def test_a_full_disk_is_said_and_leaves_nothing(
    make_store: Any, publish: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    def full(*_: Any) -> Any:
        raise OSError(28, "No space left on device")

    digest, uri = publish("a")
    monkeypatch.setattr(download_module, "_copy", full)
    with pytest.raises(AdapterError, match="No space left") as caught:
        async with make_store().use(digest, uri):
            pass
    assert caught.value.code == "adapter_unavailable"
    assert left_over(tmp_path) == set()


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An object store that serves tmp_path/store as the bucket `models`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = tmp_path / "store" / self.path.removeprefix("/models/")
            found = self.path.startswith("/models/") and path.is_file()
            data = path.read_bytes() if found else b"<Error><Code>NoSuchKey</Code></Error>"
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: Any) -> None:
            pass

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


async def test_a_bucket_serves_as_well(make_store: Any, publish: Any, bucket: str) -> None:
    digest, _ = publish("a")
    store = make_store(s3_endpoint=bucket)
    async with store.use(digest, "s3://models/a") as folder:
        assert (folder / FILES[1]).read_bytes().startswith(b"a adapter_model")
    with pytest.raises(AdapterError, match="cannot be fetched"):
        async with store.use("a" * 64, "s3://models/b/"):
            pass
