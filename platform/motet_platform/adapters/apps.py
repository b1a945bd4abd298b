from django.apps import AppConfig


class AdaptersConfig(AppConfig):
    name = "motet_platform.adapters"
    label = "adapters"
