"""Bare HTTP/1.1 clients, so that the measured side is the server: see gateway.py.

`answers` keeps `clients` connections busy with requests that do not stream; `streams` holds as many
streams open and reads the time that the stub worker wrote into each token.
"""

import asyncio
import json
import re
import time
from dataclasses import dataclass, field

TOKEN = re.compile(rb'"content":"(\d+)"')
SIZE = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@dataclass
class Load:
    """What the clients saw. Times are in seconds."""

    port: int
    key: str
    waits: list[float] = field(default_factory=list)  # per whole answer
    delays: list[float] = field(default_factory=list)  # per token, from worker to client
    failures: list[bytes] = field(default_factory=list)

    def request(self, **body: object) -> bytes:
        messages = [{"role": "user", "content": "Tell me a long story, please."}]
        data = json.dumps({"model": "motet-tiny", "messages": messages, **body}).encode()
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:{self.port}\r\n"
            f"authorization: Bearer {self.key}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(data)}\r\n\r\n"
        )
        return head.encode() + data

    async def answers(self, clients: int, seconds: float) -> float:
        """Requests per second, each with one whole answer."""
        begun = len(self.waits)
        end = time.monotonic() + seconds
        start = time.monotonic()
        await asyncio.gather(*(self._answer_until(end) for _ in range(clients)))
        return (len(self.waits) - begun) / (time.monotonic() - start)

    async def streams(self, count: int, tokens: int) -> float:
        """Tokens per second over `count` streams of `tokens` tokens that begin together."""
        begun = len(self.delays)
        start = time.monotonic()
        await asyncio.gather(*(self._stream(tokens) for _ in range(count)))
        return (len(self.delays) - begun) / (time.monotonic() - start)

    async def _answer_until(self, end: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        request = self.request(max_tokens=64)
        while time.monotonic() < end:
            began = time.monotonic()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            size = SIZE.search(head)
            assert size is not None, head
            body = await reader.readexactly(int(size[1]))
            self.waits.append(time.monotonic() - began)
            if b" 200 " not in head.split(b"\r\n", 1)[0]:
                self.failures.append(body)
        writer.close()

    async def _stream(self, tokens: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**20)
        writer.write(self.request(max_tokens=tokens, stream=True))
        rest = b""
        while True:
            data = await reader.read(2**16)
            now = time.monotonic_ns()
            seen = rest + data
            end = 0
            for match in TOKEN.finditer(seen):
                self.delays.append((now - int(match[1])) / 1e9)
                end = match.end()
            rest = seen[max(end, len(seen) - 512) :]
            if b"data: [DONE]" in seen or not data:
                break
        if b"[DONE]" not in seen:
            self.failures.append(seen[-400:])
        writer.close()
