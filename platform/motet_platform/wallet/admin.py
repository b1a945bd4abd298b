"""The ledger for staff, to be read. Nothing here can be changed: money moves through services."""

from __future__ import annotations

from django.contrib import admin
from motet_billing.models import Entry, Hold, Journal, Lot, PriceVersion, Wallet

from motet_platform.api.admin import ReadOnlyAdmin


@admin.register(Wallet)
class WalletAdmin(ReadOnlyAdmin):
    list_display = ["id", "account", "posted", "reserved"]
    search_fields = ["account__slug"]
    list_select_related = ["account"]


@admin.register(Lot)
class LotAdmin(ReadOnlyAdmin):
    list_display = ["id", "wallet", "kind", "amount", "remaining", "expires_at", "source_key"]
    search_fields = ["source_key", "wallet__account__slug"]


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    list_display = ["request_id", "wallet", "state", "amount", "captured", "fault", "opened_at"]
    list_filter = ["state"]
    search_fields = ["request_id", "wallet__account__slug"]
    show_full_result_count = False


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
    list_display = ["sku", "input", "cached_input", "output", "valid_from"]
