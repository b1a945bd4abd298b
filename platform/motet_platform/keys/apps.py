from django.apps import AppConfig


class KeysConfig(AppConfig):
    name = "motet_platform.keys"
    label = "keys"
