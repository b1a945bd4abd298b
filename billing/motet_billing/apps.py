"""The Django application that holds wallets, holds and the ledger."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "motet_billing"
    label = "billing"
    verbose_name = "Billing"
    default_auto_field = "django.db.models.BigAutoField"
