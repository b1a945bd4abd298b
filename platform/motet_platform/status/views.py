"""GET /v1/status: the workers, and where the account's own adapters are."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from motet_platform.adapters.selectors import versions_ready
from motet_platform.api.view import ApiView
from motet_platform.fleet.reach import workers_surveyed
from motet_platform.fleet.survey import PLACES, WorkerState, nearest
from motet_platform.keys import scopes


class WorkerOut(serializers.Serializer[dict[str, Any]]):
    name = serializers.CharField()
    base_model = serializers.CharField(help_text="Empty for one that has not answered yet.")
    healthy = serializers.BooleanField()
    running = serializers.IntegerField(help_text="Requests in the batch.")
    queue = serializers.IntegerField(help_text="Requests that wait for room in it.")
    slots_used = serializers.IntegerField(help_text="Adapters in GPU memory.")
    slots_total = serializers.IntegerField()


class ResidentOut(serializers.Serializer[dict[str, Any]]):
    model = serializers.CharField(help_text="acme/support@3")
    base_model = serializers.CharField()
    place = serializers.ChoiceField(
        choices=[*PLACES, "remote"], help_text="The nearest place in which any worker has it."
    )
    workers_on_gpu = serializers.IntegerField()


class StatusOut(serializers.Serializer[dict[str, Any]]):
    object = serializers.CharField()
    healthy = serializers.BooleanField(help_text="Every worker answers and takes requests.")
    workers = WorkerOut(many=True)
    adapters = ResidentOut(many=True, help_text="By name; the first 1,000 versions.")


MOST_VERSIONS = 1000


class StatusView(ApiView):
    scopes = {"GET": scopes.ADAPTERS_READ}

    @extend_schema(operation_id="status_get", responses=StatusOut)
    def get(self, request: Request) -> Response:
        """The workers that serve everybody, and the account's own adapters."""
        states = workers_surveyed(request._request)
        versions = versions_ready(self.account)[:MOST_VERSIONS]
        return Response(
            {
                "object": "status",
                "healthy": bool(states) and all(state.ready for state in states),
                "workers": [_worker(number, state) for number, state in enumerate(states, 1)],
                "adapters": [
                    {
                        "model": str(version),
                        "base_model": version.adapter.base.name,
                        **nearest(states, version.digest),
                    }
                    for version in versions
                ],
            }
        )


def _worker(number: int, state: WorkerState) -> dict[str, Any]:
    # By number: addresses and names of machines are the operator's.
    return {
        "name": f"worker-{number}",
        "base_model": state.base,
        "healthy": state.ready,
        "running": state.running,
        "queue": state.waiting,
        "slots_used": state.slots_used,
        "slots_total": state.slots_total,
    }
