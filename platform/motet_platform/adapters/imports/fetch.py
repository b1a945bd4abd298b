"""GETs for an import: redirects by hand, each hop checked, and a body bounded as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx

from motet_platform import egress
from motet_platform.adapters.gate.refusal import shown
from motet_platform.adapters.imports.failure import ImportFailure
from motet_platform.adapters.receive import Limit, Received
from motet_platform.config import get_config
from motet_platform.egress import Destination, EgressRefused, Unresolved

CONNECT_S = 10.0
IDLE_S = 30.0  # without a byte
MAX_REDIRECTS = 5
_MAX_ADDRESSES = 3  # of a host, tried one after the other
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


async def _nothing(total: int) -> None:
    pass


@dataclass
class Progress:
    """What has come so far; `announce` is awaited with the bytes of both files once known."""

    announce: Callable[[int], Awaitable[None]] = _nothing
    received: int = 0
    total: int | None = None
    commit: str = ""


@dataclass(frozen=True)
class Hub:
    """The operator's own choice of address: called wherever it is, and the only one that is sent
    the token."""

    url: str
    token: str | None = field(default=None, repr=False)

    def has(self, parts: SplitResult) -> bool:
        return _origin(parts) == _origin(urlsplit(self.url))


@dataclass(frozen=True)
class Reply:
    """The answer after all redirects, and what the hub itself said in headers on the way."""

    response: httpx.Response
    host: str
    told: dict[str, str]

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def length(self) -> int | None:
        """As announced: not to be believed, but good enough to refuse."""
        text = self.response.headers.get("content-length", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


@asynccontextmanager
async def get(url: str, *, hub: Hub | None = None) -> AsyncIterator[Reply]:
    """ImportFailure for what keeps it from answering at all; any status is an answer."""
    # Kept connections would be shared by hosts at one address, and a proxy would resolve anew.
    limits = httpx.Limits(max_keepalive_connections=0)
    timeout = httpx.Timeout(IDLE_S, connect=CONNECT_S)
    async with httpx.AsyncClient(timeout=timeout, limits=limits, trust_env=False) as client:
        told: dict[str, str] = {}
        for _ in range(MAX_REDIRECTS + 1):
            response, destination = await _hop(client, url, hub)
            try:
                if hub is not None and hub.has(destination.parts):
                    told = {**response.headers, **told}
                if response.status_code not in _REDIRECTS:
                    yield Reply(response, destination.host, told)
                    return
                url = _next(url, response.headers.get("location", ""))
            finally:
                await response.aclose()
                client.cookies.clear()
    raise ImportFailure(
        "import_too_many_redirects",
        f"The source redirects more than {MAX_REDIRECTS} times: give the address that it ends at.",
    )


async def receive(reply: Reply, limit: Limit, progress: Progress) -> Received:
    """The body, on disk. PayloadTooLarge, StorageFull, Unavailable, ImportFailure."""
    if reply.length is not None:
        limit.check(reply.length)
    if reply.response.headers.get("content-encoding", "identity") not in ("identity", ""):
        raise ImportFailure(
            "import_encoding_unsupported",
            f"{reply.host} compresses {limit.what}: store it as it is, without Content-Encoding.",
        )
    received = Received(limit)
    try:
        async for chunk in reply.response.aiter_raw():
            received.write(chunk)
            progress.received += len(chunk)
        received.finish()
    except httpx.TimeoutException:
        received.close()
        raise ImportFailure(
            "import_timeout",
            f"{reply.host} stopped sending {limit.what}: import it again, or upload it.",
        ) from None
    except httpx.HTTPError:
        received.close()
        raise ImportFailure(
            "import_source_gone",
            f"{reply.host} ended in the middle of {limit.what}: import it again.",
        ) from None
    except BaseException:
        received.close()
        raise
    return received


async def _hop(
    client: httpx.AsyncClient, url: str, hub: Hub | None
) -> tuple[httpx.Response, Destination]:
    destination = await _destination(url, hub)
    headers = {
        "host": destination.netloc,
        "user-agent": "motet-import",
        "accept": "*/*",
        "accept-encoding": "identity",
    }
    if hub is not None and hub.token and hub.has(destination.parts):
        headers["authorization"] = f"Bearer {hub.token}"
    for address in destination.addresses[:_MAX_ADDRESSES]:
        try:
            request = client.build_request(
                "GET", destination.at(address), headers=headers,
                extensions={"sni_hostname": destination.host},
            )  # fmt: skip
            return await client.send(request, stream=True), destination
        except (httpx.ConnectError, httpx.ConnectTimeout):
            continue
        except httpx.TimeoutException:
            raise ImportFailure(
                "import_timeout", f"{shown(destination.host)} does not answer: try again later."
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):  # ValueError: no name for a header
            break
    raise ImportFailure(
        "import_source_unavailable",
        f"{shown(destination.host)} cannot be reached: check the address, or try again later.",
    )


async def _destination(url: str, hub: Hub | None) -> Destination:
    private = get_config().import_private
    try:
        if hub is not None and hub.has(urlsplit(url)):
            private = True
        parts = egress.parse(url, private=private)
        return await asyncio.to_thread(egress.resolve, parts, private=private)
    except (EgressRefused, ValueError):
        raise _refused(_host_in(url)) from None
    except Unresolved:
        raise ImportFailure(
            "import_source_unavailable", f"{_host_in(url)} cannot be resolved: check the address."
        ) from None


def _next(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise _refused("The address") from None


def _refused(host: str) -> ImportFailure:
    return ImportFailure(
        "import_host_refused",
        f"{host} is not called from here: an import, and whatever it is redirected to, has to be "
        "https and at a public address.",
    )


def _host_in(url: str) -> str:
    """All of an address that may be shown."""
    try:
        return shown(urlsplit(url).hostname or "The address")
    except ValueError:
        return "The address"


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname, parts.port or usual
