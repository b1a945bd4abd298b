from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "motet_platform.accounts"
    label = "accounts"
