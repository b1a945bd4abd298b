"""Mixed load on a live platform while its processes are killed, and what clients really got.

For tests. Clients count tokens themselves (one log-probability per token), so that what was
charged can be held against what arrived.
"""

import contextlib
import json
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from .testing import LivePlatform

VICTIMS = ("gateway", "worker", "tasks", "postgres", "redis")
RECOVERY_S = 15.0  # how long a kill waits for answers to come again
LONGEST_PAUSE_S = 1.0  # of a client that was refused or found nobody


@dataclass
class Answer:
    """What one client saw of one request. `left`: it went away by itself, in the middle."""

    request_id: str | None = None
    status: int = 0
    tokens: int = 0
    whole: bool = False
    left: bool = False
    ended: bool = False

    @property
    def under_way(self) -> bool:
        return self.status == 200 and not self.ended


@dataclass
class Tenant:
    """An account's key and models, and what its clients saw."""

    key: str
    models: list[str]
    answers: list[Answer] = field(default_factory=list)


class Redis:
    """A server of its own at a socket, to be killed like the rest."""

    def __init__(self, folder: Path, program: str) -> None:
        self.socket = folder / "redis.sock"
        self._command = [
            program, "--port", "0", "--unixsocket", str(self.socket), "--save", "",
            "--appendonly", "no", "--dir", str(folder),
        ]  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)  # noqa: S603

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"


class Storm:
    """Load from every tenant, `clients` at once for each, and kills at random from a seed.

    Most kills wait until streams run again, so that each of them breaks something; the others
    come into the middle of a recovery. `hit` counts the streams that ran when something was killed.
    """

    def __init__(
        self, platform: LivePlatform, tenants: list[Tenant], redis: Redis, *, clients: int = 2
    ) -> None:
        self.platform = platform
        self.tenants = tenants
        self.kills: Counter[str] = Counter()
        self.hit = 0
        self._redis = redis
        self._clients = clients
        self._now: dict[int, Answer] = {}  # by client
        self._deck: list[str] = []
        self._end = threading.Event()

    def run(self, seed: int, *, kills: int, seconds: float) -> None:
        """One storm of so many kills, fewer where the time is up before, but at least one.

        Returns when its last client has its answer.
        """
        dice = random.Random(seed)  # noqa: S311 (not a secret)
        self._end.clear()
        pairs = [tenant for tenant in self.tenants for _ in range(self._clients)]
        threads = [
            threading.Thread(target=self._client, args=(number, tenant, dice.randrange(2**32)))
            for number, tenant in enumerate(pairs)
        ]
        for thread in threads:
            thread.start()
        end = time.monotonic() + seconds
        try:
            while True:
                # Dealt from a deck that goes on from storm to storm: everyone has a turn.
                self._deck = self._deck or dice.sample(VICTIMS, len(VICTIMS))
                self._wait(dice)
                self._kill(self._deck.pop())
                kills -= 1
                if not kills or time.monotonic() >= end:
                    break
        finally:
            self._end.set()
            for thread in threads:
                thread.join(120)

    def _wait(self, dice: random.Random) -> None:
        patience = RECOVERY_S if dice.random() < 0.8 else 0.0
        end = time.monotonic() + patience
        while time.monotonic() < end and self._under_way() < len(self.tenants) // 2:
            time.sleep(0.02)
        time.sleep(dice.uniform(0, 1.0))

    def _under_way(self) -> int:
        return sum(answer.under_way for answer in list(self._now.values()))

    def _kill(self, victim: str) -> None:
        self.kills[victim] += 1
        self.hit += self._under_way()
        if victim == "redis":
            self._redis.kill()
            self._redis.start()
            return
        with contextlib.suppress(ProcessLookupError, FileNotFoundError, ValueError):
            os.kill(self.platform.pid(victim), signal.SIGKILL)

    def _client(self, number: int, tenant: Tenant, seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311 (not a secret)
        headers = {"authorization": f"Bearer {tenant.key}"}
        with httpx.Client(
            base_url=self.platform.url, headers=headers, timeout=60, trust_env=False
        ) as client:
            pause = 0.05
            while not self._end.is_set():
                answer = self._now[number] = Answer()
                tenant.answers.append(answer)
                ask(client, dice.choice(tenant.models), dice, answer)
                if answer.status == 200:
                    pause = 0.05
                else:
                    self._end.wait(pause * dice.uniform(0.5, 1.5))
                    pause = min(2 * pause, LONGEST_PAUSE_S)


def ask(client: httpx.Client, model: str, dice: random.Random, answer: Answer) -> None:
    """One request of a kind that the dice choose; `answer` is kept in step with what comes."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": "user", "content": f"Tell me number {dice.randrange(50)}."}],
        "max_tokens": dice.choice([1, 8, 40, 40, 150, 150, 1400]),
        "ignore_eos": True,
        "logprobs": True,
        "stream": dice.random() < 0.7,
    }
    if dice.random() < 0.1:
        body["max_cost"] = "0.000005"
    leaves_after = dice.randrange(20) if body["stream"] and dice.random() < 0.15 else None
    received = b""
    try:
        with client.stream("POST", "/v1/chat/completions", json=body) as reply:
            answer.request_id = reply.headers.get("x-request-id")
            answer.status = reply.status_code
            if reply.status_code != 200:
                return
            for piece in reply.iter_raw():
                received += piece
                if leaves_after is not None and _tokens(received, stream=True) > leaves_after:
                    answer.left = True
                    break
            else:
                answer.whole = True
    except httpx.HTTPError:
        pass
    finally:
        answer.tokens = _tokens(received, stream=body["stream"])
        answer.ended = True


def _tokens(received: bytes, *, stream: bool) -> int:
    return sum(
        len(choice["logprobs"]["content"])
        for part in (_events(received) if stream else _whole(received))
        for choice in part.get("choices", ())
        if choice.get("logprobs")
    )


def _events(received: bytes) -> Iterator[dict[str, Any]]:
    for line in received.split(b"\n"):
        if line.startswith(b"data: {"):
            with contextlib.suppress(ValueError):  # cut off in the middle
                yield json.loads(line[6:])


def _whole(received: bytes) -> Iterator[dict[str, Any]]:
    with contextlib.suppress(ValueError):
        yield json.loads(received)
