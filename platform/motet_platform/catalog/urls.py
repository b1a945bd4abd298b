from django.urls import path

from motet_platform.catalog.views import CatalogView

urlpatterns = [path("catalog", CatalogView.as_view())]
