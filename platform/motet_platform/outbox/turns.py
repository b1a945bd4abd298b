"""Turns of periodic jobs: who may begin one, and keeps others from it while it runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from motet_platform.outbox.models import Periodic
from motet_platform.outbox.registry import PeriodicJob
from motet_platform.outbox.services import LEASE

_BEGIN = """
INSERT INTO outbox_periodic AS p (name, last_run_at, lease_until)
VALUES (
    %(name)s, clock_timestamp(), clock_timestamp() + make_interval(secs => %(lease)s)
)
ON CONFLICT (name) DO UPDATE
SET last_run_at = EXCLUDED.last_run_at, lease_until = EXCLUDED.lease_until
WHERE p.last_run_at <= clock_timestamp() - make_interval(secs => %(every)s)
    AND (p.lease_until IS NULL OR p.lease_until <= clock_timestamp())
RETURNING last_run_at
"""


@dataclass(frozen=True)
class Turn:
    """The right to run a job: as long as somebody keeps it, and a lease longer."""

    name: str
    began: datetime


def turn_begin(job: PeriodicJob) -> Turn | None:
    """For the one caller who may run the job now; None for all others."""
    every, lease = job.every.total_seconds(), LEASE.total_seconds()
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, {"name": job.name, "every": every, "lease": lease})
        row = cursor.fetchone()
    return row and Turn(job.name, row[0])


def turns_keep(turns: Iterable[Turn]) -> None:
    """A whole lease from now on for each; what was ended or passed to somebody else stays so."""
    for turn in turns:
        _mine(turn).update(lease_until=Now() + LEASE)


def turn_end(turn: Turn) -> None:
    _mine(turn).update(lease_until=None)


def turns_forget(*, known: set[str]) -> None:
    """Removes rows of jobs that no longer exist."""
    Periodic.objects.filter(~Q(name__in=known)).delete()


def _mine(turn: Turn) -> QuerySet[Periodic]:
    # A later turn began later: whoever lost the lease finds nothing to write.
    return Periodic.objects.filter(pk=turn.name, last_run_at=turn.began, lease_until__isnull=False)
