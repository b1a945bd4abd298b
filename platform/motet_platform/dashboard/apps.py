from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "motet_platform.dashboard"
    label = "dashboard"
