"""How an endpoint writes its answers; and what chat and legacy completions have in common."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import Any

import msgspec
from motet_inference.rpc import worker_pb2 as pb

from motet_platform.errors import MotetError, error_body
from motet_platform.gateway.ask import Ask
from motet_platform.gateway.identity import completion_id
from motet_platform.gateway.update import Delta
from motet_platform.gateway.usage import Usage

encode = msgspec.json.Encoder().encode

# Reasons that the worker knows; a budget that ran out is a length that the client did not choose.
_REASONS = {"budget": "length"}


class Shape(ABC):
    """Renders one request's answer, as a stream of pieces or as a whole."""

    end = b""  # what follows the last piece, once the settlement is on record

    @abstractmethod
    def deltas(self, deltas: list[Delta]) -> bytes:
        """The events for new text."""

    @abstractmethod
    def finish(self, finished: pb.Finished, usage: Usage, code: str | None) -> bytes:
        """The events that end a stream."""

    @abstractmethod
    def whole(self, finished: pb.Finished, usage: Usage, code: str | None) -> bytes:
        """The body of an answer that is not streamed, without a newline at its end."""

    @abstractmethod
    def error(self, error: MotetError, usage: Usage) -> bytes:
        """The events for an error in the middle of a stream, with the usage that is charged."""


class ChunkShape(Shape):
    """Chunks that are all of one form: envelopes built once, pieces joined to them.

    Usage goes where the client asked for it: in a chunk of its own when `include_usage` is true,
    nowhere when it is false, and on the last chunk when the client said nothing.
    """

    end = b"data: [DONE]\n\n"
    id_prefix: str
    object_whole: str
    object_chunk: str

    def __init__(self, ask: Ask, request_id: str) -> None:
        self._include_usage = ask.include_usage
        self._logprobs = ask.submit.sampling.HasField("logprobs")
        envelope = {
            "id": completion_id(request_id, self.id_prefix),
            "object": self.object_chunk,
            "created": int(time.time()),
            "model": ask.model,
            "system_fingerprint": None,
        }
        self._whole = {**envelope, "object": self.object_whole}
        self._head = b"data: " + encode(envelope)[:-1] + b',"choices":['
        self._tail = (b'],"usage":null}' if ask.include_usage else b"]}") + b"\n\n"

    @abstractmethod
    def delta(self, delta: Delta) -> bytes:
        """The chunks for new text of one choice; nothing when there is nothing to see."""

    @abstractmethod
    def last(self, choice: pb.Choice) -> bytes:
        """The chunk's choice with the finish reason, without its envelope."""

    @abstractmethod
    def choice(self, choice: pb.Choice) -> dict[str, Any]:
        """One choice of a whole answer."""

    @abstractmethod
    def broken(self) -> bytes:
        """The chunk's choice that says that the stream failed."""

    def opening(self, index: int) -> bytes:
        """The chunks that go before the first text of a choice."""
        return b""

    def deltas(self, deltas: list[Delta]) -> bytes:
        return b"".join([self.delta(delta) for delta in deltas])

    def finish(self, finished: pb.Finished, usage: Usage, code: str | None) -> bytes:
        pieces = []
        for i, choice in enumerate(finished.choices, 1):
            extra: dict[str, Any] = {}
            if self._include_usage is None and i == len(finished.choices):
                extra["usage"] = usage_json(usage)
            if code is not None and choice.finish_reason == "budget":
                extra["code"] = code
            pieces += [self.opening(choice.index), self._head, self.last(choice), self._end(extra)]
        if self._include_usage:
            pieces += [self._head, b'],"usage":', encode(usage_json(usage)), b"}\n\n"]
        return b"".join(pieces)

    def whole(self, finished: pb.Finished, usage: Usage, code: str | None) -> bytes:
        body: dict[str, Any] = {
            **self._whole,
            "choices": [self.choice(choice) for choice in finished.choices],
            "usage": usage_json(usage),
        }
        if code is not None:
            body["code"] = code
        return encode(body)

    def error(self, error: MotetError, usage: Usage) -> bytes:
        # `choices` is there for clients that parse every chunk alike; `usage` is also in the error
        # because some hand on nothing else.
        shown = usage_json(usage)
        body = error_body(error)["error"] | {"usage": shown}
        return b"".join(
            [self._head, self.broken(), self._end({"usage": shown, "error": body})],
        )

    def reason(self, choice: pb.Choice) -> str:
        return _REASONS.get(choice.finish_reason, choice.finish_reason)

    def _end(self, extra: dict[str, Any]) -> bytes:
        return b"]," + encode(extra)[1:] + b"\n\n" if extra else self._tail


def usage_json(usage: Usage) -> dict[str, Any]:
    """OpenAI's usage object."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }
