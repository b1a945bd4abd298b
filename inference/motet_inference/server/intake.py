"""A Submit -> what the engine core takes: checked, tokenized, its adapter on disk."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from motet_inference.rpc import worker_pb2 as pb
from motet_inference.server.tokenizer import Tokenizer

# A prompt of fewer bytes is tokenized in less time than it takes to hand it to a thread.
_INLINE_BYTES = 8_192
_THREADS = 2


@dataclass(frozen=True)
class Prompt:
    """`at_start`: the output begins a text of its own; `echo`: what to show before it."""

    ids: list[int]
    at_start: bool
    echo: str


class Intake:
    """Tokenizes prompts, long ones in threads, so that they delay nobody's stream."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="tokenizer")

    async def prompt(self, submit: pb.Submit) -> Prompt:
        """Raises InvalidRequest when the chat template refuses the messages."""
        if submit.ByteSize() < _INLINE_BYTES:
            return self._prompt(submit)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._prompt, submit)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _prompt(self, submit: pb.Submit) -> Prompt:
        match submit.WhichOneof("prompt"):
            case "chat":
                messages = [_message(message) for message in submit.chat.messages]
                return Prompt(self._tokenizer.chat(messages), at_start=True, echo="")
            case "text":
                echo = submit.text if submit.echo else ""
                return Prompt(self._tokenizer.text(submit.text), at_start=False, echo=echo)
            case _:
                ids = list(submit.token_ids.ids)
                echo = self._tokenizer.decode(ids) if submit.echo else ""
                return Prompt(ids, at_start=False, echo=echo)


def _message(message: pb.ChatMessage) -> dict[str, str]:
    # Templates of open models know no developer: it is what a system message was called before.
    role = "system" if message.role == "developer" else message.role
    out = {"role": role, "content": message.content}
    if message.name:
        out["name"] = message.name
    return out
