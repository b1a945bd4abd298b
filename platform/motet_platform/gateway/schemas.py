"""The bodies of POST /v1/chat/completions and /v1/completions, as OpenAI's clients send them."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, TypeVar

import msgspec
from motet_inference.rpc import worker_pb2 as pb
from msgspec import Meta, Raw

from motet_platform.errors import InvalidRequest
from motet_platform.gateway.ask import BYTES_PER_TOKEN, MESSAGE_OVERHEAD, Ask, utf8_length
from motet_platform.gateway.sampling import (
    MAX_CHOICES,
    SamplingBody,
    TokenId,
    bounded,
    max_cost,
    refuse_unbuilt,
    sampling,
    unsupported,
)

MAX_MESSAGES = 4096
MAX_LOGPROBS = 20
MAX_LEGACY_LOGPROBS = 5

MaxTokens = Annotated[int, Meta(ge=1, le=2**31 - 1)]
# A developer's message is a system message to models that know no such role.
_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
_PATH = re.compile(r" - at `\$\.?([^`]*)`$")


class Part(msgspec.Struct):
    """One part of a message's content; extra keys such as cache hints are ignored."""

    type: str
    text: str | None = None


class Message(msgspec.Struct):
    """One message of a chat."""

    text_types: ClassVar[frozenset[str]] = frozenset({"text"})  # parts that hold text

    role: str
    content: str | list[Part] | None = None
    name: Annotated[str, Meta(max_length=256)] | None = None
    tool_calls: Raw = Raw()
    function_call: Raw = Raw()

    def text(self, where: str) -> str:
        """The content as one string, parts joined as they stand. Raises InvalidRequest."""
        if isinstance(self.content, str):
            return self.content
        if self.content is None:
            raise InvalidRequest("A message needs content.", param=where)
        for part in self.content:
            if part.type not in self.text_types:
                raise unsupported(
                    where, f"Content of type `{part.type[:40]}` is not supported here: text only."
                )
            if part.text is None:
                raise InvalidRequest("A text part needs `text`.", param=where)
        return "".join(part.text or "" for part in self.content)


class ChatBody(SamplingBody, kw_only=True):
    """POST /v1/chat/completions."""

    messages: Annotated[list[Message], Meta(min_length=1, max_length=MAX_MESSAGES)]
    max_tokens: MaxTokens | None = None
    max_completion_tokens: MaxTokens | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=MAX_LOGPROBS)] | None = None
    modalities: list[str] | None = None

    def ask(self) -> Ask:
        """Check what the types could not, and translate. Raises InvalidRequest."""
        refuse_unbuilt(self)
        if self.modalities not in (None, [], ["text"]):
            raise unsupported("modalities", "Only text output is supported here.")
        if self.top_logprobs is not None and not self.logprobs:
            raise InvalidRequest("top_logprobs needs logprobs to be true.", param="top_logprobs")
        chat = pb.Chat()
        size = 0
        for i, message in enumerate(self.messages):
            size += add_message(chat, message, f"messages[{i}]")
        logprobs = (self.top_logprobs or 0) if self.logprobs else None
        limit = bounded(
            self.max_completion_tokens or self.max_tokens,
            n=self.n or 1,
            logprobs=logprobs,
            collected=not self.stream,
            param="max_completion_tokens" if self.max_completion_tokens else "max_tokens",
        )
        submit = pb.Submit(
            chat=chat,
            n=self.n or 1,
            stream=bool(self.stream),
            sampling=sampling(self, max_tokens=limit, logprobs=logprobs),
        )
        return Ask(
            endpoint="chat.completions",
            model=self.model,
            submit=submit,
            prompt_estimate=chat_estimate(chat, size),
            max_tokens=limit,
            include_usage=self.include_usage,
            max_cost=max_cost(self),
        )


class CompletionBody(SamplingBody, kw_only=True):
    """POST /v1/completions: one prompt, as text or as token ids."""

    prompt: str | list[str | TokenId | list[TokenId]]
    max_tokens: MaxTokens | None = None
    logprobs: Annotated[int, Meta(ge=0, le=MAX_LEGACY_LOGPROBS)] | None = None
    echo: bool | None = None
    best_of: Annotated[int, Meta(ge=1, le=MAX_CHOICES)] | None = None

    def ask(self) -> Ask:
        """Check what the types could not, and translate. Raises InvalidRequest."""
        refuse_unbuilt(self)
        if self.best_of is not None and self.best_of != (self.n or 1):
            raise unsupported("best_of", "best_of other than n is not supported here.")
        if self.echo and self.logprobs is not None:
            raise unsupported("echo", "echo together with logprobs is not supported here.")
        # OpenAI's default for this endpoint; chat has none.
        limit = bounded(
            16 if self.max_tokens is None else self.max_tokens,
            n=self.n or 1,
            logprobs=self.logprobs,
            collected=not self.stream,
            param="max_tokens",
        )
        submit = pb.Submit(
            n=self.n or 1,
            stream=bool(self.stream),
            echo=bool(self.echo),
            sampling=sampling(self, max_tokens=limit, logprobs=self.logprobs),
        )
        return Ask(
            endpoint="completions",
            model=self.model,
            submit=submit,
            prompt_estimate=_set_prompt(submit, self.prompt),
            max_tokens=limit,
            include_usage=self.include_usage,
            max_cost=max_cost(self),
        )


def add_message(chat: pb.Chat, message: Message, where: str) -> int:
    """Put a message into the prompt; returns its bytes. Raises InvalidRequest."""
    role = _ROLES.get(message.role)
    if role is None:
        if message.role in ("tool", "function"):
            raise unsupported(f"{where}.role", "Tool results are not supported here.")
        raise InvalidRequest(f"role is one of {', '.join(_ROLES)}.", param=f"{where}.role")
    for field in ("tool_calls", "function_call"):
        if bytes(getattr(message, field)) not in (b"", b"null", b"[]"):
            raise unsupported(f"{where}.{field}", "Tool calls are not supported here.")
    text = message.text(f"{where}.content")
    chat.messages.add(role=role, content=text, name=message.name or "")
    return utf8_length(text) + utf8_length(message.name or "")


def chat_estimate(chat: pb.Chat, size: int) -> int:
    """About how many tokens a chat of `size` bytes has."""
    return -(-size // BYTES_PER_TOKEN) + MESSAGE_OVERHEAD * len(chat.messages)


def _set_prompt(submit: pb.Submit, prompt: str | list[str | int | list[int]]) -> int:
    """Fill in the prompt; returns the estimate of its tokens. Raises InvalidRequest."""
    if isinstance(prompt, list) and len(prompt) == 1 and not isinstance(prompt[0], int):
        prompt = prompt[0]  # type: ignore[assignment]  # a list of one prompt
    if isinstance(prompt, str):
        submit.text = prompt
        return -(-utf8_length(prompt) // BYTES_PER_TOKEN) + MESSAGE_OVERHEAD
    if not prompt:
        raise InvalidRequest("The prompt is empty.", param="prompt")
    ids = [token for token in prompt if isinstance(token, int)]
    if len(ids) != len(prompt):
        raise unsupported(
            "prompt", "One prompt per request: send the others as requests of their own."
        )
    submit.token_ids.ids.extend(ids)
    return len(ids) + 1  # a beginning-of-text token may be added


B = TypeVar("B", bound=SamplingBody)
CHAT = msgspec.json.Decoder(ChatBody)
COMPLETION = msgspec.json.Decoder(CompletionBody)


def decode(data: bytes, decoder: msgspec.json.Decoder[B]) -> B:
    """Parse a body. Raises InvalidRequest that names the field, whatever the bytes are."""
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        text = str(error)
        path = _PATH.search(text)
        raise InvalidRequest(
            f"{_PATH.sub('', text)}{f' in `{path[1]}`' if path and path[1] else ''}.",
            param=path[1] if path and path[1] else _missing(text),
        ) from None
    except RecursionError:
        raise InvalidRequest("The JSON is nested too deeply.", code="invalid_json") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise InvalidRequest(
            f"The body could not be read as JSON: {reason}.", code="invalid_json"
        ) from None


def _missing(text: str) -> str | None:
    match = re.search(r"missing required field `([^`]*)`", text)
    return match[1] if match else None
