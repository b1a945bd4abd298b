"""The Celery application. It only carries work: the truth is a row of the outbox.

Without Redis the broker is this process's memory, and worker and poller share the process.
"""

from __future__ import annotations

import os

from celery import Celery

from motet_platform.config import get_config

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "motet_platform.settings")

# Celery has a name of its own for Redis at a socket.
_redis = (get_config().redis_url or "").replace("unix://", "redis+socket://", 1)
app = Celery("motet")
app.conf.update(
    broker_url=_redis or "memory://",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    broker_connection_retry_on_startup=True,
    # In memory, looking is cheap; with Redis, a message comes back when its process dies.
    broker_transport_options={"visibility_timeout": 3600} if _redis else {"polling_interval": 0.05},
    task_default_queue="motet",
    task_serializer="json",
    accept_content=["json"],
)
app.autodiscover_tasks(["motet_platform.tasks"], related_name="messages")
