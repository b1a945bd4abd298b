"""What handles which kind of task, in which lane, and which jobs come round by themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

Handler = Callable[[dict[str, Any]], None]
Job = Callable[[], object]


@dataclass(frozen=True)
class Lane:
    """Tasks that share threads: what is slow in one lane keeps nothing in another waiting.

    No more are claimed at once, over all processes, than there are `threads`, so nothing that was
    claimed waits in a queue, where its lease might end.
    """

    name: str
    threads: int


INSIDE = Lane("inside", 4)  # waits for child processes, files and the database
OUTSIDE = Lane("outside", 4)  # waits for Stripe and mail servers, which may be silent
TENANTS = Lane("tenants", 3)  # waits for addresses that tenants chose
LANES = (INSIDE, OUTSIDE, TENANTS)


@dataclass(frozen=True)
class PeriodicJob:
    name: str
    every: timedelta
    run: Job


handlers: dict[str, Handler] = {}
lanes: dict[str, Lane] = {}  # of the kinds that are not INSIDE
periodic_jobs: dict[str, PeriodicJob] = {}


def handles(kind: str, *, lane: Lane = INSIDE) -> Callable[[Handler], Handler]:
    """Registers the decorated function. It must bear being run again with the same payload."""

    def register(handler: Handler) -> Handler:
        assert kind not in handlers, kind
        handlers[kind] = handler
        if lane is not INSIDE:
            lanes[kind] = lane
        return handler

    return register


def periodic(name: str, *, every: timedelta) -> Callable[[Job], Job]:
    """Registers a job that begins no more often than `every`, and never while it still runs."""

    def register(run: Job) -> Job:
        assert name not in periodic_jobs, name
        periodic_jobs[name] = PeriodicJob(name, every, run)
        return run

    return register
