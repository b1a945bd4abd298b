from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "motet_platform.accounts"
    label = "accounts"

    def ready(self) -> None:
        from motet_platform.accounts import signup  # noqa: F401  (hears of sign-ups)
