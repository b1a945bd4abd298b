"""Usage for staff, and two reports on it: margins, and the books against each other."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.dateparse import parse_date
from motet_billing.money import picodollars, usd

from motet_platform.api.admin import ReadOnlyAdmin
from motet_platform.config import get_config
from motet_platform.metering.margin import margins
from motet_platform.metering.models import UsageHour, UsageRecord
from motet_platform.metering.reconcile import Total, reconcile


@admin.register(UsageRecord)
class UsageRecordAdmin(ReadOnlyAdmin):
    list_display = [
        "request_id", "account", "model", "prompt_tokens", "completion_tokens", "cost", "fault",
        "worker", "created_at",
    ]  # fmt: skip
    search_fields = ["request_id", "account__slug", "model"]
    list_select_related = ["account"]
    show_full_result_count = False


@admin.register(UsageHour)
class UsageHourAdmin(ReadOnlyAdmin):
    """The sums, with the reports as pages of their own."""

    list_display = ["hour", "account", "model", "worker", "requests", "completion_tokens", "usd"]
    list_filter = ["base", "worker"]
    search_fields = ["account__slug", "model"]
    list_select_related = ["account"]
    ordering = ["-hour", "id"]
    show_full_result_count = False
    change_list_template = "admin/metering/usagehour/change_list.html"

    @admin.display(description="cost, USD")
    def usd(self, hour: UsageHour) -> str:
        return usd(hour.cost)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("margin/", wrap(self.margin_view), name="metering_margin"),
            path("reconcile/", wrap(self.reconcile_view), name="metering_reconcile"),
            *super().get_urls(),
        ]

    def margin_view(self, request: HttpRequest) -> HttpResponse:
        """?start=2026-11-01&end=2026-12-01; the last 30 days where they are left out."""
        end = _day(request.GET.get("end")) or timezone.now()
        start = _day(request.GET.get("start")) or end - timedelta(days=30)
        per_hour = get_config().worker_cost_usd_per_hour
        rows = margins(start=start, end=end, cost_per_hour=picodollars(f"{per_hour:f}"))
        shown = [
            [
                row.base, row.worker, row.requests, row.tokens, usd(row.revenue), row.hours,
                usd(row.cost), usd(row.margin),
            ]
            for row in rows
        ]  # fmt: skip
        context = {
            "title": "Margin per base and worker",
            "start": start,
            "end": end,
            "cost_per_hour": f"{per_hour:f}",
            "rows": shown,
            "revenue": usd(sum(row.revenue for row in rows)),
            "cost": usd(sum(row.cost for row in rows)),
            "margin": usd(sum(row.margin for row in rows)),
        }
        return self._page(request, "margin.html", context)

    def reconcile_view(self, request: HttpRequest) -> HttpResponse:
        """Recomputed at each call, with the journal of a worker on this machine if there is one."""
        own = get_config().var / "worker" / "usage.jsonl"
        report = reconcile([own] if own.exists() else [])
        context = {
            "title": "The books against each other",
            "columns": Total._fields,
            "rows": [[total[0], total[1], *map(usd, total[2:])] for total in report.totals],
            "mismatches": report.mismatches,
            "uncharged": report.uncharged,
            "worker_lines": report.worker_lines,
        }
        return self._page(request, "reconcile.html", context)

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        site = self.admin_site.each_context(request)
        return TemplateResponse(
            request, f"admin/metering/usagehour/{name}", {**site, "opts": self.opts, **context}
        )


def _day(text: str | None) -> datetime | None:
    try:
        day = parse_date(text or "")
    except ValueError:
        return None
    return None if day is None else datetime.combine(day, time(), UTC)
