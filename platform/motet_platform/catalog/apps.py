from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "motet_platform.catalog"
    label = "catalog"
