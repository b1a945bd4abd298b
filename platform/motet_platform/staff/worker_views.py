"""GET /v1/operator/workers: every worker with what lies on its GPU."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from motet_platform.fleet.reach import workers_surveyed
from motet_platform.fleet.survey import PLACES, WorkerState
from motet_platform.staff.selectors import names_of
from motet_platform.staff.view import StaffView


class HeldOut(serializers.Serializer[dict[str, Any]]):
    digest = serializers.CharField()
    models = serializers.ListField(
        child=serializers.CharField(), help_text="Versions with these bytes; empty: deleted ones."
    )
    place = serializers.ChoiceField(choices=PLACES)
    pins = serializers.IntegerField(help_text="Requests that use it now.")
    requests = serializers.IntegerField(help_text="Since the worker started.")


class CountersOut(serializers.Serializer[dict[str, Any]]):
    """Since the worker started: two looks and their difference give a rate."""

    uptime_s = serializers.FloatField()
    steps = serializers.IntegerField()
    steps_mixed = serializers.IntegerField(help_text="With two or more adapters.")
    steps_by_adapters = serializers.DictField(child=serializers.IntegerField())
    prompt_tokens = serializers.IntegerField()
    cached_tokens = serializers.IntegerField()
    completion_tokens = serializers.IntegerField()
    preemptions = serializers.IntegerField()
    core_restarts = serializers.IntegerField()
    step_ms_p50 = serializers.FloatField()
    step_ms_p99 = serializers.FloatField()


class StaffWorkerOut(serializers.Serializer[dict[str, Any]]):
    target = serializers.CharField()
    worker_id = serializers.CharField()
    base_model = serializers.CharField()
    healthy = serializers.BooleanField()
    running = serializers.IntegerField()
    queue = serializers.IntegerField()
    slots_used = serializers.IntegerField()
    slots_total = serializers.IntegerField()
    blocks_free = serializers.IntegerField()
    blocks_total = serializers.IntegerField()
    counters = CountersOut(allow_null=True, help_text="null: it does not answer.")
    adapters = HeldOut(many=True)


class StaffWorkersOut(serializers.Serializer[dict[str, Any]]):
    object = serializers.CharField()
    data = StaffWorkerOut(many=True)  # type: ignore[assignment]


class StaffWorkersView(StaffView):
    @extend_schema(operation_id="operator_workers", responses=StaffWorkersOut)
    def get(self, request: Request) -> Response:
        """Workers, their load, and which adapters they hold where."""
        states = workers_surveyed(request._request)
        held = {a.digest for state in states if state.stats for a in state.stats.adapters}
        names = names_of(held)
        return Response({"object": "list", "data": [_worker(state, names) for state in states]})


def _worker(state: WorkerState, names: dict[str, list[str]]) -> dict[str, Any]:
    stats = state.stats
    return {
        "target": state.target,
        "worker_id": stats.worker_id if stats else "",
        "base_model": state.base,
        "healthy": state.ready,
        "running": state.running,
        "queue": state.waiting,
        "slots_used": state.slots_used,
        "slots_total": state.slots_total,
        "blocks_free": stats.blocks_free if stats else 0,
        "blocks_total": stats.blocks_total if stats else 0,
        "counters": _counters(state),
        "adapters": [
            {
                "digest": adapter.digest,
                "models": names.get(adapter.digest, []),
                "place": adapter.state,
                "pins": adapter.pins,
                "requests": adapter.requests,
            }
            for adapter in (stats.adapters if stats else ())
        ],
    }


def _counters(state: WorkerState) -> dict[str, Any] | None:
    if state.stats is None:
        return None
    plain = {name: getattr(state.stats, name) for name in _COUNTERS}
    by_adapters = {str(n): steps for n, steps in sorted(state.stats.steps_by_adapters.items())}
    return plain | {"steps_by_adapters": by_adapters}


_COUNTERS = [name for name in map(str, CountersOut().fields) if name != "steps_by_adapters"]
