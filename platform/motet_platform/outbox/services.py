"""Asking for work, claiming it, and noting how it went."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Now

from motet_platform.outbox.models import Task
from motet_platform.outbox.registry import INSIDE, LANES, Lane, handlers, lanes

LEASE = timedelta(seconds=30)  # of what nobody keeps any more: its process is gone
MAX_ATTEMPTS = 10
_FIRST_DELAY_S, _LONGEST_DELAY_S = 1, 600

# An array, so that the rows are chosen once: with IN, a plan may choose them anew for every row
# that it looks at, and go past the limit.
_CLAIM = """
UPDATE outbox_task
SET attempts = attempts + 1,
    lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
WHERE id = ANY (ARRAY (
    SELECT id FROM outbox_task
    WHERE done_at IS NULL AND failed_at IS NULL AND available_at <= clock_timestamp()
        AND (lease_until IS NULL OR lease_until <= clock_timestamp())
        AND (kind = ANY (%(kinds)s)) = %(among)s
    ORDER BY available_at
    LIMIT (SELECT greatest(0, %(room)s - count(*)) FROM outbox_task
           WHERE done_at IS NULL AND failed_at IS NULL AND lease_until > clock_timestamp()
               AND (kind = ANY (%(kinds)s)) = %(among)s)
    FOR UPDATE SKIP LOCKED
))
RETURNING id, attempts
"""


@dataclass(frozen=True)
class Claim:
    """The right to run a task's `attempt`: as long as somebody keeps it, and a lease longer."""

    task_id: int
    attempt: int


def task_add(*, kind: str, payload: dict[str, Any], delay: timedelta = timedelta()) -> Task:
    """Asks for work, as part of the caller's transaction: it happens if that commits, not else."""
    assert kind in handlers, kind
    return Task.objects.create(kind=kind, payload=payload, available_at=Now() + delay)


def tasks_claim(*, room: int | None = None) -> list[Claim]:
    """Due tasks that nobody else has, of each lane as many as `room` leaves beside those in flight.

    `room` is as many as a lane has threads, unless it is given.
    """
    claims = []
    with connection.cursor() as cursor:
        for lane in LANES:
            asked = {"lease": LEASE.total_seconds(), "room": lane.threads if room is None else room}
            cursor.execute(_CLAIM, {**asked, **_kinds(lane)})
            claims += [Claim(*row) for row in cursor.fetchall()]
    return claims


def tasks_keep(claims: Iterable[Claim]) -> None:
    """A whole lease from now on for each; what was ended or claimed anew stays as it is."""
    for claim in claims:
        _mine(claim).filter(lease_until__isnull=False).update(lease_until=Now() + LEASE)


def tasks_release(claims: Sequence[Claim]) -> None:
    """Gives claims back whose work was not begun."""
    for claim in claims:
        _mine(claim).update(lease_until=None, attempts=claim.attempt - 1)


def task_begin(claim: Claim) -> Task | None:
    """The task, with a whole lease from now on; None where the claim has no force any more."""
    if not _mine(claim).update(lease_until=Now() + LEASE):
        return None
    return Task.objects.get(pk=claim.task_id)


def task_done(claim: Claim) -> bool:
    """False where the lease had passed to somebody else."""
    return bool(_mine(claim).update(done_at=Now(), lease_until=None, last_error=""))


def task_failed(claim: Claim, error: str) -> bool:
    """Puts it off, longer each time; after MAX_ATTEMPTS for good. True when it was for good."""
    noted: dict[str, Any] = {"last_error": error[:2000].replace("\0", ""), "lease_until": None}
    if claim.attempt >= MAX_ATTEMPTS:
        _mine(claim).update(failed_at=Now(), **noted)
        return True
    delay = min(_FIRST_DELAY_S * 2 ** (claim.attempt - 1), _LONGEST_DELAY_S)
    _mine(claim).update(available_at=Now() + timedelta(seconds=delay), **noted)
    return False


def tasks_forget(*, age: timedelta) -> int:
    """Removes what was done longer than `age` ago; what failed for good stays to be seen."""
    return Task.objects.filter(done_at__lt=Now() - age).delete()[0]


def _mine(claim: Claim) -> QuerySet[Task]:
    # A later claim has a higher attempt: whoever lost the lease finds nothing to write.
    return Task.objects.filter(
        pk=claim.task_id, attempts=claim.attempt, done_at=None, failed_at=None
    )


def _kinds(lane: Lane) -> dict[str, Any]:
    """What is in a lane: kinds by name, and INSIDE all that no other lane names."""
    if lane is INSIDE:
        return {"kinds": list(lanes), "among": False}
    return {"kinds": [kind for kind, its in lanes.items() if its is lane], "among": True}
