"""Finds due work and hands it on: woken by NOTIFY, and looking each second in any case."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import psycopg
from django.db import connection

from motet_platform.outbox.jobs import Jobs
from motet_platform.outbox.runner import tasks_under_way
from motet_platform.outbox.services import Claim, tasks_claim, tasks_keep, tasks_release

log = logging.getLogger(__name__)

POLL_S = 1.0
KEEP_S = 5.0  # between renewals of the leases of what this process runs
CHANNEL = "motet_outbox"


class Poller(threading.Thread):
    """`send_task` carries the work, and a message of it may be lost. Jobs run in this process."""

    def __init__(self, *, dsn: str, send_task: Callable[[Claim], None], jobs: Jobs) -> None:
        super().__init__(name="outbox poller", daemon=True)
        self._dsn = dsn
        self._send_task = send_task
        self._jobs = jobs
        self._end = threading.Event()
        self._keep_at = time.monotonic()

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
        if time.monotonic() >= self._keep_at:
            # Before anything is claimed: after an outage our own leases have ended, too.
            self._jobs.keep()
            tasks_keep(tasks_under_way())
            self._keep_at = time.monotonic() + KEEP_S
        self._jobs.look()
        claims = tasks_claim()
        while claims:
            try:
                self._send_task(claims[0])
            except Exception:
                tasks_release(claims)
                raise
            claims.pop(0)
