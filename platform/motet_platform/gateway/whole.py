"""What came early of an answer that does not stream: its client gets it whole, at its end. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from motet_inference.rpc import worker_pb2 as pb

from motet_platform.gateway.update import Update


@dataclass(slots=True)
class _Part:
    texts: list[str] = field(default_factory=list)
    logprobs: list[pb.TokenLogprob] = field(default_factory=list)


class Whole:
    """A worker sends a long answer in deltas even so, since no message has room for any length."""

    def __init__(self) -> None:
        self._parts: dict[int, _Part] = {}

    def keep(self, update: Update) -> None:
        """Take the update's deltas out of it; its end gets back all that came before it."""
        for delta in update.deltas:
            part = self._parts.setdefault(delta.index, _Part())
            part.texts.append(delta.text)
            part.logprobs += delta.logprobs
        update.deltas.clear()
        if update.finished is None:
            return
        for choice in update.finished.choices:
            part = self._parts.get(choice.index, _Part())
            choice.text = "".join([*part.texts, choice.text])
            logprobs = [*part.logprobs, *choice.logprobs]
            del choice.logprobs[:]
            choice.logprobs.extend(logprobs)
