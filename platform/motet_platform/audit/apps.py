from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "motet_platform.audit"
    label = "audit"
