from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "motet_platform.payments"
    label = "payments"

    def ready(self) -> None:
        from motet_billing.checks import register

        from motet_platform.payments import tasks  # noqa: F401  (registers handlers and jobs)
        from motet_platform.payments.books import stripe_check

        register("stripe", stripe_check)
