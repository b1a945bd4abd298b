"""The message that Celery carries; it names a row, and the row decides."""

from __future__ import annotations

from celery import shared_task

from motet_platform.outbox.runner import task_run
from motet_platform.outbox.services import Claim
from motet_platform.tasks import periodic as periodic  # registers its jobs


@shared_task(name="motet.outbox")
def outbox_message(task_id: int, attempt: int) -> None:
    task_run(Claim(task_id, attempt))
