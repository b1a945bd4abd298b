"""One event of any size -> events that every message has room for."""

from __future__ import annotations

from collections.abc import Iterator

from motet_inference.rpc import worker_pb2 as pb

# About the largest event there is, a small part of the largest message (rpc.client.MAX_MESSAGE):
# one that is not taken ends the session, and with it the requests of all of a gateway's tenants.
PIECE_BYTES = 1 << 20
_MESSAGE_CHARS = 4_096  # of a failure, which may repeat what a client sent


def pieces(event: pb.Event) -> Iterator[pb.Event]:
    """The event itself, or smaller ones that say the same.

    What a Finished is too large for comes before it, in deltas, also where nothing streams.
    """
    if event.ByteSize() <= PIECE_BYTES:
        yield event
        return
    kind = event.WhichOneof("kind")
    if kind == "delta":
        for delta in _cut(event.delta):
            yield pb.Event(request_id=event.request_id, delta=delta)
        return
    if kind == "finished":
        for choice in event.finished.choices:
            for delta in _cut(_content(choice)):
                yield pb.Event(request_id=event.request_id, delta=delta)
            choice.ClearField("text")
            choice.ClearField("logprobs")
    elif kind == "failed":
        event.failed.message = event.failed.message[:_MESSAGE_CHARS]
    yield event


def _content(choice: pb.Choice) -> pb.Delta:
    return pb.Delta(
        index=choice.index,
        text=choice.text,
        completion_tokens=choice.completion_tokens,
        logprobs=choice.logprobs,
    )


def _cut(delta: pb.Delta) -> Iterator[pb.Delta]:
    """Text first, then log probabilities; a piece counts no token of which more may come."""
    entries = delta.logprobs
    *texts, last = _texts(delta.text)
    counted = max(0, delta.completion_tokens - len(entries)) if entries else 0
    for text in texts:
        yield pb.Delta(index=delta.index, text=text, completion_tokens=counted)
    piece = pb.Delta(index=delta.index, text=last, completion_tokens=counted)
    size = piece.ByteSize()
    for entry in entries:
        size += entry.ByteSize()
        if size > PIECE_BYTES and (piece.text or piece.logprobs):
            yield piece
            piece = pb.Delta(index=delta.index, completion_tokens=piece.completion_tokens)
            size = entry.ByteSize()
        piece.logprobs.append(entry)
        piece.completion_tokens += 1
    piece.completion_tokens = delta.completion_tokens
    yield piece


def _texts(text: str) -> list[str]:
    """At least one, the last maybe empty."""
    step = PIECE_BYTES // 4  # a character has four bytes at most
    return [text[i : i + step] for i in range(0, len(text), step)] or [""]
