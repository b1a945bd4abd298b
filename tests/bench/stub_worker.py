"""A worker without a model, to measure what stands before it: python stub_worker.py PORT RATE.

It speaks worker.proto and paces all its streams by one clock, RATE steps a second, each step one
message. A token's text is the time at which its step was sent (CLOCK_MONOTONIC, nanoseconds), so
that a client on the same machine can tell how long the token was under way. A request that does
not stream is answered at once.
"""

import asyncio
import itertools
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc.aio
from motet_inference.rpc import worker_pb2 as pb
from motet_inference.rpc import worker_pb2_grpc as pb_grpc

BASE = "motet-tiny"
PROMPT_TOKENS = 12


@dataclass
class Stream:
    submit: pb.Submit
    done: int = 0

    def event(self, text: str) -> pb.Event:
        """The next token."""
        self.done += 1
        delta = pb.Delta(text=text, completion_tokens=self.done)
        return pb.Event(request_id=self.submit.request_id, delta=delta)

    @property
    def ended(self) -> bool:
        return self.done >= self.submit.sampling.max_tokens


class Session:
    """One gateway's requests. It needs no extensions: budgets cover what benchmarks ask for."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.streams: dict[str, Stream] = {}
        self.outbox: asyncio.Queue[pb.FromWorker] = asyncio.Queue()

    def take(self, submit: pb.Submit) -> None:
        accepted = pb.Accepted(prompt_tokens=PROMPT_TOKENS)
        events = [pb.Event(request_id=submit.request_id, accepted=accepted)]
        if submit.stream:
            self.streams[submit.request_id] = Stream(submit)
        else:
            events.append(finished(submit, submit.sampling.max_tokens, "a word " * 16))
        self.send(events)

    def send(self, events: list[pb.Event]) -> None:
        self.outbox.put_nowait(pb.FromWorker(update=pb.StepUpdate(events=events)))

    async def pace(self) -> None:
        """Sends a token of every stream, at each step."""
        start = time.monotonic()
        for step in itertools.count(1):
            await asyncio.sleep(start + step / self.rate - time.monotonic())
            if not self.streams:
                continue
            text = str(time.monotonic_ns())
            self.send([stream.event(text) for stream in self.streams.values()])
            ended = [stream for stream in self.streams.values() if stream.ended]
            if ended:
                self.send([finished(stream.submit, stream.done, "") for stream in ended])
            for stream in ended:
                del self.streams[stream.submit.request_id]


def finished(submit: pb.Submit, tokens: int, text: str) -> pb.Event:
    choice = pb.Choice(finish_reason="length", text=text, completion_tokens=tokens)
    usage = pb.Usage(prompt_tokens=PROMPT_TOKENS, completion_tokens=tokens)
    done = pb.Finished(usage=usage, choices=[choice])
    return pb.Event(request_id=submit.request_id, finished=done)


class Worker(pb_grpc.WorkerServicer):
    def __init__(self, rate: float) -> None:
        self.rate = rate

    async def Session(self, requests: Any, context: Any) -> AsyncIterator[pb.FromWorker]:
        session = Session(self.rate)
        tasks = [
            asyncio.create_task(self._read(session, requests)),
            asyncio.create_task(session.pace()),
        ]
        try:
            while True:
                yield await session.outbox.get()
        finally:
            for task in tasks:
                task.cancel()

    async def _read(self, session: Session, requests: Any) -> None:
        async for message in requests:
            kind = message.WhichOneof("message")
            if kind == "hello":
                welcome = pb.Welcome(
                    protocol_version=message.hello.protocol_version, worker_id="stub",
                    role=pb.ROLE_UNIFIED, base_model=BASE, max_context=4096, max_rank=64,
                    max_requests=4096,
                )  # fmt: skip
                session.outbox.put_nowait(pb.FromWorker(welcome=welcome))
            elif kind == "submit":
                session.take(message.submit)
            elif kind == "cancel":
                stream = session.streams.pop(message.cancel.request_id, None)
                if stream is not None:
                    usage = pb.Usage(prompt_tokens=PROMPT_TOKENS, completion_tokens=stream.done)
                    failed = pb.Failed(code="cancelled", usage=usage)
                    session.send([pb.Event(request_id=message.cancel.request_id, failed=failed)])


async def main(port: int, rate: float) -> None:
    server = grpc.aio.server()
    pb_grpc.add_WorkerServicer_to_server(Worker(rate), server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
