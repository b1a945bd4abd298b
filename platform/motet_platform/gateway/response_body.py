"""The body of POST /v1/responses, as OpenAI's clients send it.

Nothing is stored here, so what refers to an earlier response is refused; everything that a client
sends to say "as usual" passes.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from motet_inference.rpc import worker_pb2 as pb
from msgspec import Meta, Raw

from motet_platform.errors import InvalidRequest
from motet_platform.gateway.ask import Ask
from motet_platform.gateway.sampling import (
    ResponseFormat,
    SamplingBody,
    bounded,
    max_cost,
    refuse_format,
    refuse_raw,
    refuse_unbuilt,
    sampling,
    unsupported,
)
from motet_platform.gateway.schemas import (
    MAX_LOGPROBS,
    MAX_MESSAGES,
    MaxTokens,
    Message,
    add_message,
    chat_estimate,
)

LOGPROBS = "message.output_text.logprobs"
# Without reasoning there is nothing encrypted to include: no answer differs by it.
_INCLUDABLE = frozenset({LOGPROBS, "reasoning.encrypted_content"})
_NOT_BUILT = {
    "previous_response_id": "stored responses",
    "conversation": "stored conversations",
    "prompt": "prompt templates",
    "background": "background responses",
    "store": "stored responses",
    "reasoning": "reasoning",
}

Metadata = Annotated[dict[Annotated[str, Meta(max_length=64)], str], Meta(max_length=16)]


class Item(Message, kw_only=True):
    """One item of the input: messages only."""

    text_types: ClassVar[frozenset[str]] = frozenset({"input_text", "output_text", "text"})

    type: str = "message"
    role: str = ""


class TextOptions(msgspec.Struct):
    """What form the text shall have."""

    format: ResponseFormat | None = None


class ResponseBody(SamplingBody, kw_only=True):
    """POST /v1/responses."""

    input: str | Annotated[list[Item], Meta(min_length=1, max_length=MAX_MESSAGES)]
    instructions: str | None = None
    max_output_tokens: MaxTokens | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=MAX_LOGPROBS)] | None = None
    include: list[str] | None = None
    text: TextOptions | None = None
    truncation: str | None = None
    metadata: Metadata | None = None

    previous_response_id: Raw = Raw()
    conversation: Raw = Raw()
    prompt: Raw = Raw()
    background: Raw = Raw()
    store: Raw = Raw()
    reasoning: Raw = Raw()

    def ask(self) -> Ask:
        """Check what the types could not, and translate. Raises InvalidRequest."""
        refuse_unbuilt(self)
        refuse_format(self.text.format if self.text else None, "text.format")
        refuse_raw(self, _NOT_BUILT)
        self._refuse_values()
        chat = pb.Chat()
        size = self._add_input(chat)
        logprobs = (self.top_logprobs or 0) if LOGPROBS in (self.include or []) else None
        # A stream of this API, too, ends with the whole.
        limit = bounded(
            self.max_output_tokens,
            n=1,
            logprobs=logprobs,
            collected=True,
            param="max_output_tokens",
        )
        submit = pb.Submit(
            chat=chat,
            n=1,
            stream=bool(self.stream),
            sampling=sampling(self, max_tokens=limit, logprobs=logprobs),
        )
        return Ask(
            endpoint="responses",
            model=self.model,
            submit=submit,
            prompt_estimate=chat_estimate(chat, size),
            max_tokens=limit,
            echoed=self._echoed(),
            max_cost=max_cost(self),
        )

    def _refuse_values(self) -> None:
        if self.n not in (None, 1):
            raise unsupported("n", "A response has one output: leave `n` out.")
        if self.truncation not in (None, "disabled"):
            raise unsupported("truncation", "Only truncation `disabled` is supported here.")
        for name in self.include or []:
            if name not in _INCLUDABLE:
                raise unsupported("include", f"`{name[:80]}` cannot be included here.")
        if self.top_logprobs and LOGPROBS not in (self.include or []):
            raise InvalidRequest(
                f"top_logprobs needs `{LOGPROBS}` in include.", param="top_logprobs"
            )

    def _add_input(self, chat: pb.Chat) -> int:
        """Fill in the prompt; returns its bytes."""
        size = 0
        if self.instructions:
            size += add_message(chat, Message("system", self.instructions), "instructions")
        items = (
            [Item(role="user", content=self.input)] if isinstance(self.input, str) else self.input
        )
        for i, item in enumerate(items):
            if item.type != "message":
                raise unsupported(
                    f"input[{i}].type", f"Items of type `{item.type[:40]}` are not supported here."
                )
            size += add_message(chat, item, f"input[{i}]")
        return size

    def _echoed(self) -> dict[str, object]:
        """What a response repeats of its request."""
        return {
            "instructions": self.instructions,
            "max_output_tokens": self.max_output_tokens,
            "metadata": self.metadata or {},
            "temperature": 1.0 if self.temperature is None else self.temperature,
            "top_p": 1.0 if self.top_p is None else self.top_p,
            "top_logprobs": self.top_logprobs or 0,
        }


RESPONSE = msgspec.json.Decoder(ResponseBody)
