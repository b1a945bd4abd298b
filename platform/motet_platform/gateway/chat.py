"""The answers of POST /v1/chat/completions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from motet_inference.rpc import worker_pb2 as pb
from msgspec import Raw

from motet_platform.gateway.ask import Ask
from motet_platform.gateway.shape import ChunkShape, encode
from motet_platform.gateway.update import Delta


class ChatShape(ChunkShape):
    """`chat.completion` and its chunks."""

    id_prefix = "chatcmpl"
    object_whole = "chat.completion"
    object_chunk = "chat.completion.chunk"

    def __init__(self, ask: Ask, request_id: str) -> None:
        super().__init__(ask, request_id)
        self._opened: set[int] = set()

    def opening(self, index: int) -> bytes:
        """The role comes once per choice, before its text."""
        if index in self._opened:
            return b""
        self._opened.add(index)
        return b'%b{"index":%d,"delta":{"role":"assistant","content":""},"logprobs":null,%b%b' % (
            self._head,
            index,
            b'"finish_reason":null}',
            self._tail,
        )

    def delta(self, delta: Delta) -> bytes:
        opening = self.opening(delta.index)
        if not delta.text and not delta.logprobs:
            return opening
        logprobs = encode(chat_logprobs(delta.logprobs)) if self._logprobs else b"null"
        return b'%b%b{"index":%d,"delta":{"content":%b},"logprobs":%b,"finish_reason":null}%b' % (
            opening,
            self._head,
            delta.index,
            encode(delta.text),
            logprobs,
            self._tail,
        )

    def last(self, choice: pb.Choice) -> bytes:
        return b'{"index":%d,"delta":{},"logprobs":null,"finish_reason":%b}' % (
            choice.index,
            encode(self.reason(choice)),
        )

    def choice(self, choice: pb.Choice) -> dict[str, Any]:
        return {
            "index": choice.index,
            "message": {"role": "assistant", "content": choice.text, "refusal": None},
            "logprobs": chat_logprobs(choice.logprobs) if self._logprobs else None,
            "finish_reason": self.reason(choice),
        }

    def broken(self) -> bytes:
        return b'{"index":0,"delta":{},"logprobs":null,"finish_reason":"error"}'


def chat_logprobs(tokens: Iterable[pb.TokenLogprob]) -> dict[str, Any]:
    """The chat form: one object per token, each with its alternatives.

    Written down one by one: of a long answer, all these objects at once are ten times its size.
    """
    return {
        "content": [
            Raw(encode({**_token(token), "top_logprobs": [_token(top) for top in token.top]}))
            for token in tokens
        ],
        "refusal": None,
    }


def _token(token: pb.TokenLogprob | pb.TopLogprob) -> dict[str, Any]:
    return {
        "token": token.token,
        "logprob": token.logprob,
        "bytes": list(token.token_bytes),
    }
