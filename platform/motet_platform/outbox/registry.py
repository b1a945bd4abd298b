"""What handles which kind of task, and which jobs come round by themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

Handler = Callable[[dict[str, Any]], None]
Job = Callable[[], object]


@dataclass(frozen=True)
class PeriodicJob:
    name: str
    every: timedelta
    run: Job


handlers: dict[str, Handler] = {}
periodic_jobs: dict[str, PeriodicJob] = {}


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Registers the decorated function. It must bear being run again with the same payload."""

    def register(handler: Handler) -> Handler:
        assert kind not in handlers, kind
        handlers[kind] = handler
        return handler

    return register


def periodic(name: str, *, every: timedelta) -> Callable[[Job], Job]:
    """Registers a job that one process at a time begins, no more often than `every`."""

    def register(run: Job) -> Job:
        assert name not in periodic_jobs, name
        periodic_jobs[name] = PeriodicJob(name, every, run)
        return run

    return register
