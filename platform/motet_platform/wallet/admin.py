"""Money for staff. What moves it goes through services: the tables themselves are read-only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from motet_billing.models import Cap, Entry, Hold, Journal, Lot, PriceVersion, Wallet
from motet_billing.money import usd

from motet_platform.accounts.models import User
from motet_platform.api.admin import ReadOnlyAdmin
from motet_platform.audit.actor import Actor, acting
from motet_platform.audit.models import ActorKind
from motet_platform.errors import MotetError
from motet_platform.wallet.adjustments import adjustment_decide
from motet_platform.wallet.forms import AdjustmentForm, PriceForm
from motet_platform.wallet.models import Adjustment


def amount(field: str, name: str = "") -> Callable[[Any, Any], str]:
    """A column that shows a field of picodollars in USD."""

    @admin.display(description=f"{name or field}, USD", ordering=field)
    def show(self: Any, row: Any) -> str:
        return usd(getattr(row, field))

    return show


@admin.register(Wallet)
class WalletAdmin(ReadOnlyAdmin):
    list_display = ["id", "account", "posted_usd", "reserved_usd"]
    search_fields = ["account__slug"]
    list_select_related = ["account"]
    posted_usd = amount("posted")
    reserved_usd = amount("reserved")


@admin.register(Lot)
class LotAdmin(ReadOnlyAdmin):
    list_display = [
        "id", "wallet", "kind", "amount_usd", "remaining_usd", "expires_at", "source_key",
    ]  # fmt: skip
    search_fields = ["source_key", "wallet__account__slug"]
    amount_usd = amount("amount")
    remaining_usd = amount("remaining")


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    list_display = [
        "request_id", "wallet", "state", "amount_usd", "captured_usd", "fault", "opened_at",
    ]  # fmt: skip
    list_filter = ["state"]
    search_fields = ["request_id", "wallet__account__slug"]
    show_full_result_count = False
    amount_usd = amount("amount")
    captured_usd = amount("captured")


@admin.register(Cap)
class CapAdmin(ReadOnlyAdmin):
    list_display = ["id", "wallet", "subject", "period", "limit_usd", "spent_usd", "window_start"]
    search_fields = ["wallet__account__slug", "subject"]
    limit_usd = amount("limit")
    spent_usd = amount("spent")


class EntryInline(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    model = Entry
    readonly_fields = ["account", "lot", "amount"]
    can_delete = False
    extra = 0
    max_num = 0


@admin.register(Journal)
class JournalAdmin(ReadOnlyAdmin):
    list_display = ["key", "wallet", "kind", "memo", "created_at"]
    list_filter = ["kind"]
    search_fields = ["key", "wallet__account__slug"]
    show_full_result_count = False
    inlines = [EntryInline]


@admin.register(PriceVersion)
class PriceVersionAdmin(ReadOnlyAdmin):
    """Only added to: a new version rules from its instant on, also one in the future."""

    form = PriceForm
    list_display = ["sku", "input", "cached_input", "output", "valid_from", "in_force"]
    list_filter = ["sku"]
    ordering = ["sku", "-valid_from"]

    @admin.display(boolean=True)
    def in_force(self, price: PriceVersion) -> bool:
        now = timezone.now()
        later = PriceVersion.objects.filter(
            sku=price.sku, valid_from__gt=price.valid_from, valid_from__lte=now
        )
        return price.valid_from <= now and not later.exists()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return admin.ModelAdmin.has_add_permission(self, request)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The form's check has set it, by the service."""


@admin.register(Adjustment)
class AdjustmentAdmin(ReadOnlyAdmin):
    """Credit given or taken by hand. It cannot be changed: what was wrong gets another one."""

    form = AdjustmentForm
    list_display = ["id", "account", "amount_usd", "reason", "state", "asked_by", "decided_by"]
    list_filter = ["state"]
    search_fields = ["account__slug", "reason"]
    list_select_related = ["account", "asked_by", "decided_by"]
    actions = ["approve", "refuse"]
    amount_usd = amount("amount")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return admin.ModelAdmin.has_add_permission(self, request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # The list and its actions need it; a single one's page stays read-only.
        return obj is None and admin.ModelAdmin.has_change_permission(self, request)

    def get_form(
        self, request: Any, obj: Any = None, change: bool = False, **options: Any
    ) -> type[ModelForm[Any]]:
        form: type[ModelForm[Any]] = super().get_form(request, obj, change, **options)
        form.by = request.user  # type: ignore[attr-defined]  # a class of this request alone
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The form's check has asked for it, by the service."""

    @admin.action(description="Approve and post", permissions=["change"])
    def approve(self, request: HttpRequest, chosen: QuerySet[Adjustment]) -> None:
        self._decide(request, chosen, approve=True)

    @admin.action(description="Refuse", permissions=["change"])
    def refuse(self, request: HttpRequest, chosen: QuerySet[Adjustment]) -> None:
        self._decide(request, chosen, approve=False)

    def _decide(self, request: HttpRequest, chosen: QuerySet[Adjustment], *, approve: bool) -> None:
        assert isinstance(request.user, User)
        for adjustment in chosen:
            try:
                with acting(Actor(ActorKind.OPERATOR, str(request.user))):
                    adjustment_decide(adjustment_id=adjustment.pk, by=request.user, approve=approve)
            except MotetError as error:
                self.message_user(request, f"{adjustment}: {error.message}", messages.ERROR)
