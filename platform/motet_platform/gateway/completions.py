"""The answers of POST /v1/completions, the legacy endpoint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from motet_inference.rpc import worker_pb2 as pb

from motet_platform.gateway.ask import Ask
from motet_platform.gateway.shape import ChunkShape, encode
from motet_platform.gateway.update import Delta


class CompletionShape(ChunkShape):
    """`text_completion`, whole and in chunks of the same object name."""

    id_prefix = "cmpl"
    object_whole = "text_completion"
    object_chunk = "text_completion"

    def __init__(self, ask: Ask, request_id: str) -> None:
        super().__init__(ask, request_id)
        self._offsets: Counter[int] = Counter()  # characters before the next token, per choice

    def delta(self, delta: Delta) -> bytes:
        if not delta.text and not delta.logprobs:
            return b""
        logprobs = b"null"
        if self._logprobs:
            logprobs = encode(self._legacy_logprobs(delta.index, delta.logprobs))
        return b'%b{"index":%d,"text":%b,"logprobs":%b,"finish_reason":null}%b' % (
            self._head,
            delta.index,
            encode(delta.text),
            logprobs,
            self._tail,
        )

    def last(self, choice: pb.Choice) -> bytes:
        return b'{"index":%d,"text":"","logprobs":null,"finish_reason":%b}' % (
            choice.index,
            encode(self.reason(choice)),
        )

    def choice(self, choice: pb.Choice) -> dict[str, Any]:
        return {
            "index": choice.index,
            "text": choice.text,
            "logprobs": (
                self._legacy_logprobs(choice.index, choice.logprobs) if self._logprobs else None
            ),
            "finish_reason": self.reason(choice),
        }

    def broken(self) -> bytes:
        return b'{"index":0,"text":"","logprobs":null,"finish_reason":"error"}'

    def _legacy_logprobs(self, index: int, tokens: Iterable[pb.TokenLogprob]) -> dict[str, Any]:
        """Four parallel lists; offsets count characters from the start of the text."""
        lists: dict[str, list[Any]] = {
            "tokens": [],
            "token_logprobs": [],
            "top_logprobs": [],
            "text_offset": [],
        }
        for token in tokens:
            lists["tokens"].append(token.token)
            lists["token_logprobs"].append(token.logprob)
            lists["top_logprobs"].append({top.token: top.logprob for top in token.top})
            lists["text_offset"].append(self._offsets[index])
            self._offsets[index] += len(token.token)
        return lists
