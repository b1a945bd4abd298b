from django.apps import AppConfig


class MeteringConfig(AppConfig):
    name = "motet_platform.metering"
    label = "metering"
