"""Runs one claimed task. Called by Celery, and by tests that want the work done at once."""

from __future__ import annotations

import logging

from motet_platform.outbox.registry import handlers
from motet_platform.outbox.services import Claim, task_begin, task_done, task_failed, tasks_claim

log = logging.getLogger(__name__)

RUN_DUE = 32  # of each lane: one after the other, they need no threads

_under_way: set[Claim] = set()


def task_run(claim: Claim) -> None:
    """Does the work and notes how it went; an exception of the handler is noted, not raised."""
    task = task_begin(claim)
    if task is None:
        return  # done already, or claimed anew after its lease: a message that came late or twice
    _under_way.add(claim)
    try:
        handlers[task.kind](task.payload)
    except Exception as error:
        for_good = task_failed(claim, f"{type(error).__name__}: {error}")
        log.exception("%s failed%s", task, ", for good" if for_good else "")
    else:
        task_done(claim)
    finally:
        _under_way.discard(claim)


def tasks_under_way() -> list[Claim]:
    """What this process runs now: whoever keeps their leases keeps others from them."""
    return list(_under_way)


def tasks_run_due() -> int:
    """Runs what is due, here and now; how many there were."""
    claims = tasks_claim(room=RUN_DUE)
    for claim in claims:
        task_run(claim)
    return len(claims)
