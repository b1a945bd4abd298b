"""What machines ask of a gateway: whether it lives, whether it can serve, and its counters."""

from __future__ import annotations

from motet_platform.errors import MotetError, Unavailable
from motet_platform.gateway.exchange import NO_STORE, Exchange
from motet_platform.gateway.services import Services


async def healthz(services: Services, exchange: Exchange) -> None:
    """GET /healthz: this process answers."""
    await exchange.answer_json({"status": "ok"})


async def readyz(services: Services, exchange: Exchange) -> None:
    """GET /readyz: the database answers, and a worker takes requests."""
    problems = []
    try:
        await services.database.fetch("SELECT 1")
    except MotetError:
        problems.append("the database is away")
    if not services.fleet.ready:
        problems.append("no worker is ready")
    if problems:
        raise Unavailable(f"Not ready: {', '.join(problems)}.", code="not_ready", retry_after=2)
    await exchange.answer_json({"status": "ready", "workers": services.fleet.ready})


async def metrics(services: Services, exchange: Exchange) -> None:
    """GET /metrics, in Prometheus's text format."""
    kind = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")
    await exchange.answer(200, services.metrics.page(), [kind, NO_STORE])
