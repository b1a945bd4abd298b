from django.apps import AppConfig


class TeamConfig(AppConfig):
    name = "motet_platform.team"
    label = "team"

    def ready(self) -> None:
        from motet_platform.team import tasks  # noqa: F401  (registers the handlers)
