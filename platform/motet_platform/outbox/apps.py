from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "motet_platform.outbox"
    label = "outbox"
