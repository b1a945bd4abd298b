from django.apps import AppConfig


class WalletConfig(AppConfig):
    name = "motet_platform.wallet"
    label = "wallet"
