"""Signed deliveries, as late, often, unordered and lossy as the knobs say."""

import hashlib
import hmac
import json
import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

RETRIES = 6


@dataclass
class Knobs:
    """How deliveries go wrong. `hold` keeps all of them until `flush`."""

    hold: bool = False
    delay_s: float = 0.0
    duplicate: int = 1
    drop: float = 0.0
    shuffle: bool = False
    seed: int = 0


@dataclass
class Courier:
    """Sends events to one address from a thread of its own, trying again where it is refused."""

    url: str = ""
    secret: str = ""
    knobs: Knobs = field(default_factory=Knobs)
    held: list[dict[str, Any]] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)
    _due: list[tuple[float, int, dict[str, Any]]] = field(default_factory=list)
    _wake: threading.Condition = field(default_factory=threading.Condition)

    def start(self) -> None:
        threading.Thread(target=self._run, name="courier", daemon=True).start()

    def take(self, event: dict[str, Any]) -> None:
        """A new event: kept, lost, or sent after the delay."""
        with self._wake:
            if self.knobs.hold:
                self.held.append(event)
            elif not self.knobs.drop or random.random() >= self.knobs.drop:
                for _ in range(self.knobs.duplicate):
                    self._due.append((time.monotonic() + self.knobs.delay_s, 0, event))
                self._wake.notify()

    def flush(self) -> list[int]:
        """Sends what was held, now, with duplicates, shuffled and dropped by the seed."""
        chance = random.Random(self.knobs.seed)
        with self._wake:
            batch = [event for event in self.held for _ in range(self.knobs.duplicate)]
            self.held.clear()
        batch = [event for event in batch if chance.random() >= self.knobs.drop]
        if self.knobs.shuffle:
            chance.shuffle(batch)
        return [self.send(event) for event in batch]

    def send(self, event: dict[str, Any]) -> int:
        """One delivery; the answer's status, 0 where there was none."""
        body = json.dumps(event).encode()
        headers = {
            "content-type": "application/json; charset=utf-8",
            "stripe-signature": signature(body, self.secret),
        }
        status = 0
        if self.url:
            try:
                request = Request(self.url, data=body, headers=headers, method="POST")
                with urlopen(request, timeout=20) as answer:
                    status = answer.status
            except HTTPError as error:
                status = error.code
            except OSError:
                pass
        self.log.append({"event": event["id"], "type": event["type"], "status": status})
        return status

    def _run(self) -> None:
        while True:
            with self._wake:
                self._due.sort(key=lambda item: item[0])
                while not self._due or self._due[0][0] > time.monotonic():
                    self._wake.wait(
                        max(0.01, self._due[0][0] - time.monotonic()) if self._due else None
                    )
                    self._due.sort(key=lambda item: item[0])
                _, attempt, event = self._due.pop(0)
            if not 200 <= self.send(event) < 300 and attempt < RETRIES:
                with self._wake:
                    self._due.append((time.monotonic() + 2**attempt, attempt + 1, event))


def signature(body: bytes, secret: str) -> str:
    """Stripe's `Stripe-Signature` header: HMAC-SHA256 over time and body."""
    stamp = str(int(time.time()))
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"
