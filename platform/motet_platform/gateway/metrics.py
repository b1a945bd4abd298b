"""The gateway's own counters, for GET /metrics. No label ever names a tenant."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import generate_latest

from motet_platform.gateway.outcome import Outcome

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)


class Metrics:
    """One registry per gateway, so that two in one process do not meet."""

    def __init__(self, *, workers_ready: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "motet_gateway_requests",
            "Requests answered, by endpoint, status and error code.",
            ["endpoint", "status", "code"],
            registry=self._registry,
        )
        self._tokens = Counter(
            "motet_gateway_tokens",
            "Tokens charged; cached ones are counted under prompt too.",
            ["kind"],
            registry=self._registry,
        )
        self._first = Histogram(
            "motet_gateway_first_token_seconds",
            "From the request's arrival to its first token.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._whole = Histogram(
            "motet_gateway_request_seconds",
            "From the request's arrival to the end of its answer.",
            ["endpoint"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._retries = Counter(
            "motet_gateway_retries",
            "Requests that a second worker had to take.",
            registry=self._registry,
        )
        self.running = Gauge(
            "motet_gateway_running", "Requests for tokens under way.", registry=self._registry
        )
        ready = Gauge(
            "motet_gateway_workers_ready", "Workers that take requests.", registry=self._registry
        )
        ready.set_function(workers_ready)

    def record(self, endpoint: str, outcome: Outcome, elapsed_ms: int) -> None:
        """Count one answered request."""
        self._requests.labels(endpoint, str(outcome.status), outcome.code).inc()
        self._whole.labels(endpoint).observe(elapsed_ms / 1000)
        if outcome.ttft_ms is not None:
            self._first.observe(outcome.ttft_ms / 1000)
        if outcome.tries > 1:
            self._retries.inc()
        usage = outcome.usage
        if usage.prompt_tokens:
            self._tokens.labels("prompt").inc(usage.prompt_tokens)
            self._tokens.labels("cached").inc(usage.cached_tokens)
            self._tokens.labels("completion").inc(usage.completion_tokens)

    def page(self) -> bytes:
        """The text of GET /metrics."""
        return generate_latest(self._registry)
