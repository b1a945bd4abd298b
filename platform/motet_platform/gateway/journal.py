"""One line of JSON per request on stderr: never a prompt, an output or a key."""

from __future__ import annotations

import sys
from typing import Any

import msgspec
import structlog

from motet_platform.gateway.exchange import Exchange
from motet_platform.gateway.metrics import Metrics

_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})


def _render(_logger: Any, _name: str, event: Any) -> bytes:
    return msgspec.json.encode(event)


_log = structlog.wrap_logger(
    structlog.BytesLogger((sys.__stderr__ or sys.stderr).buffer),
    processors=[structlog.processors.TimeStamper(fmt="iso", utc=True), _render],
    wrapper_class=structlog.BoundLogger,
)


def record(metrics: Metrics, endpoint: str, exchange: Exchange) -> None:
    """Count an ended request, and write its line."""
    outcome = exchange.outcome
    metrics.record(endpoint, outcome, exchange.elapsed_ms)
    if endpoint in _QUIET:
        return
    line: dict[str, Any] = {
        "request_id": exchange.request_id,
        "endpoint": endpoint,
        "method": exchange.method,
        "status": outcome.status,
        "duration_ms": exchange.elapsed_ms,
    }
    rest = {
        "code": outcome.code,
        "account_id": outcome.account_id,
        "key_id": outcome.key_id,
        "model": outcome.model,
        "version": outcome.version,
        "worker": outcome.worker,
        "streamed": outcome.streamed,
        "finish_reason": outcome.finish_reason,
        "fault": outcome.fault,
        "prompt_tokens": outcome.usage.prompt_tokens,
        "cached_tokens": outcome.usage.cached_tokens,
        "completion_tokens": outcome.usage.completion_tokens,
        "cost": outcome.cost,
        "ttft_ms": outcome.ttft_ms,
        "tries": outcome.tries,
    }
    _log.info("request", **line, **{name: value for name, value in rest.items() if value})
