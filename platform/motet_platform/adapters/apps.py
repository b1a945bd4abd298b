from django.apps import AppConfig


class AdaptersConfig(AppConfig):
    name = "motet_platform.adapters"
    label = "adapters"

    def ready(self) -> None:
        from motet_platform.adapters import tasks  # noqa: F401  (registers the handlers)
