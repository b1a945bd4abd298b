from django.urls import path

from motet_platform.status.views import StatusView

urlpatterns = [path("status", StatusView.as_view())]
