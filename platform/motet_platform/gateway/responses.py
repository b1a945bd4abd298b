"""The answers of POST /v1/responses: one message of one text, whole or as typed events."""

from __future__ import annotations

import itertools
import time
from typing import Any

from motet_inference.rpc import worker_pb2 as pb
from msgspec import Raw

from motet_platform.errors import MotetError, error_body
from motet_platform.gateway.ask import Ask
from motet_platform.gateway.chat import chat_logprobs
from motet_platform.gateway.identity import completion_id
from motet_platform.gateway.shape import Shape, encode
from motet_platform.gateway.update import Delta
from motet_platform.gateway.usage import Usage

# Where the one text of a response stands.
_PLACE = {"output_index": 0, "content_index": 0}


class ResponseShape(Shape):
    """A `response`. A stream ends with its last event: this API has no [DONE]."""

    def __init__(self, ask: Ask, request_id: str) -> None:
        self._logprobs = ask.submit.sampling.HasField("logprobs")
        self._numbers = itertools.count()
        self._item_id = completion_id(request_id, "msg")
        self._text: list[str] = []
        self._tokens: list[Raw] = []  # logprobs so far
        self._opened = False
        self._response: dict[str, Any] = {
            "id": completion_id(request_id, "resp"),
            "object": "response",
            "created_at": int(time.time()),
            "status": "in_progress",
            "background": False,
            "error": None,
            "incomplete_details": None,
            "model": ask.model,
            "output": [],
            "parallel_tool_calls": False,
            "previous_response_id": None,
            "reasoning": {"effort": None, "summary": None},
            "store": False,
            "text": {"format": {"type": "text"}},
            "tool_choice": "none",
            "tools": [],
            "truncation": "disabled",
            "usage": None,
            **(ask.echoed or {}),
        }

    def deltas(self, deltas: list[Delta]) -> bytes:
        pieces = [self._opening()]
        for delta in deltas:
            logprobs = self._logprobs_of(delta.logprobs)
            self._text.append(delta.text)
            self._tokens += logprobs
            if delta.text or logprobs:
                pieces.append(
                    self._event(
                        "response.output_text.delta",
                        item_id=self._item_id,
                        **_PLACE,
                        delta=delta.text,
                        logprobs=logprobs,
                    )
                )
        return b"".join(pieces)

    def finish(self, finished: pb.Finished, usage: Usage, code: str | None) -> bytes:
        text = "".join(self._text)
        part, item = self._part(text), self._item(text, finished)
        where = {"item_id": self._item_id, **_PLACE}
        pieces = [
            self._opening(),
            self._event("response.output_text.done", **where, text=text, logprobs=part["logprobs"]),
            self._event("response.content_part.done", **where, part=part),
            self._event("response.output_item.done", output_index=0, item=item),
        ]
        response = self._ended(item, usage, code)
        pieces.append(self._event(f"response.{response['status']}", response=response))
        return b"".join(pieces)

    def whole(self, finished: pb.Finished, usage: Usage, code: str | None) -> bytes:
        choice = finished.choices[0]
        self._tokens = self._logprobs_of(choice.logprobs)
        return encode(self._ended(self._item(choice.text, finished), usage, code))

    def error(self, error: MotetError, usage: Usage) -> bytes:
        body = error_body(error)["error"]
        told = {"code": body["code"], "message": body["message"]}
        response = {
            **self._response,
            "status": "failed",
            "error": told,
            "usage": usage_json(usage),
        }
        # Some clients know only the first of these, some only the second.
        return self._event("response.failed", response=response) + self._event(
            "error", **told, param=body["param"]
        )

    def _opening(self) -> bytes:
        """What goes before the first text."""
        if self._opened:
            return b""
        self._opened = True
        item = {**_message(self._item_id), "status": "in_progress", "content": []}
        return b"".join(
            [
                self._event("response.created", response=self._response),
                self._event("response.in_progress", response=self._response),
                self._event("response.output_item.added", output_index=0, item=item),
                self._event(
                    "response.content_part.added",
                    item_id=self._item_id,
                    **_PLACE,
                    part=_output_text("", []),
                ),
            ]
        )

    def _event(self, kind: str, **fields: Any) -> bytes:
        body = {"type": kind, "sequence_number": next(self._numbers), **fields}
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), encode(body))

    def _logprobs_of(self, tokens: Any) -> list[Raw]:
        return list(chat_logprobs(tokens)["content"]) if self._logprobs else []

    def _part(self, text: str) -> dict[str, Any]:
        return _output_text(text, self._tokens)

    def _item(self, text: str, finished: pb.Finished) -> dict[str, Any]:
        whole = finished.choices[0].finish_reason == "stop"
        return {
            **_message(self._item_id),
            "status": "completed" if whole else "incomplete",
            "content": [self._part(text)],
        }

    def _ended(self, item: dict[str, Any], usage: Usage, code: str | None) -> dict[str, Any]:
        details: dict[str, str] | None = None
        if item["status"] == "incomplete":
            details = {"reason": "max_output_tokens"}
            if code is not None:
                details["code"] = code
        return {
            **self._response,
            "status": item["status"],
            "incomplete_details": details,
            "output": [item],
            "usage": usage_json(usage),
        }


def _message(item_id: str) -> dict[str, Any]:
    return {"id": item_id, "type": "message", "role": "assistant"}


def _output_text(text: str, logprobs: list[Raw]) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": logprobs}


def usage_json(usage: Usage) -> dict[str, Any]:
    """The usage object of this API."""
    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_tokens},
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }
