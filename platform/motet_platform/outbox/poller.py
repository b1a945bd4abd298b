"""Finds due work and hands it on: woken by NOTIFY, and looking each second in any case."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import psycopg
from django.db import connection

from motet_platform.outbox.registry import periodic_jobs
from motet_platform.outbox.services import Claim, periodic_claim, tasks_claim, tasks_release

log = logging.getLogger(__name__)

POLL_S = 1.0
CHANNEL = "motet_outbox"


class Poller(threading.Thread):
    """`send_task` and `send_periodic` carry the work; a message of theirs may be lost."""

    def __init__(
        self,
        *,
        dsn: str,
        send_task: Callable[[Claim], None],
        send_periodic: Callable[[str], None],
    ) -> None:
        super().__init__(name="outbox poller", daemon=True)
        self._dsn = dsn
        self._send_task = send_task
        self._send_periodic = send_periodic
        self._end = threading.Event()

    def stop(self) -> None:
        self._end.set()
        self.join(timeout=3 * POLL_S)

    def run(self) -> None:
        listener: psycopg.Connection[tuple[object, ...]] | None = None
        while not self._end.is_set():
            try:
                if listener is None or listener.closed:
                    listener = psycopg.connect(self._dsn, autocommit=True, connect_timeout=5)
                    listener.execute(f"LISTEN {CHANNEL}")
                self._look()
                for _ in listener.notifies(timeout=POLL_S, stop_after=1):
                    pass
            except Exception as error:
                # The database or the broker is away; this thread outlives both.
                log.warning("work cannot be handed on: %s: %s", type(error).__name__, error)
                if listener is not None:
                    listener.close()
                connection.close()
                self._end.wait(POLL_S)
        if listener is not None:
            listener.close()
        connection.close()

    def _look(self) -> None:
        for job in periodic_jobs.values():
            if periodic_claim(job):
                self._send_periodic(job.name)
        claims = tasks_claim()
        while claims:
            try:
                self._send_task(claims[0])
            except Exception:
                tasks_release(claims)
                raise
            claims.pop(0)
