"""`motet tasks`: one process with poller, periodic jobs, a Celery worker and the importer, until
SIGTERM."""

from __future__ import annotations

import warnings

from celery.exceptions import SecurityWarning

from motet_platform.adapters.imports.importer import Importer
from motet_platform.celery import app
from motet_platform.config import get_config
from motet_platform.outbox.jobs import Jobs
from motet_platform.outbox.poller import Poller
from motet_platform.outbox.registry import LANES
from motet_platform.outbox.services import Claim
from motet_platform.tasks.messages import outbox_message

CONCURRENCY = sum(lane.threads for lane in LANES)


def _send_task(claim: Claim) -> None:
    outbox_message.delay(claim.task_id, claim.attempt)


def serve() -> int:
    """Runs until it is told to stop; what is under way is finished first. The exit status."""
    jobs = Jobs()
    poller = Poller(dsn=get_config().require_database_url(), send_task=_send_task, jobs=jobs)
    # Only JSON is taken from the broker, so Celery's warning to root has no ground here.
    warnings.simplefilter("ignore", SecurityWarning)
    # Threads: the work waits for child processes, files and the database, not for Python.
    worker = app.Worker(
        pool="threads", concurrency=CONCURRENCY, loglevel="INFO", without_gossip=True,
        without_mingle=True, without_heartbeat=True, task_events=False, quiet=True,
    )  # fmt: skip
    importer = Importer()
    poller.start()
    importer.start()
    try:
        worker.start()
    finally:
        importer.stop()
        poller.stop()
        jobs.finish()
    return worker.exitcode or 0
