from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "motet_platform.payments"
    label = "payments"

    def ready(self) -> None:
        from motet_platform.payments import tasks  # noqa: F401  (registers handlers and jobs)
