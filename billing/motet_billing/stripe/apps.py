from django.apps import AppConfig


class StripeConfig(AppConfig):
    name = "motet_billing.stripe"
    label = "motet_stripe"
    verbose_name = "Stripe"
    default_auto_field = "django.db.models.BigAutoField"
