from django.urls import path

from motet_platform.metering.request_views import RequestsView
from motet_platform.metering.stats_views import StatsView
from motet_platform.metering.views import ReceiptView, UsageView

urlpatterns = [
    path("requests", RequestsView.as_view()),
    path("stats", StatsView.as_view()),
    path("usage", UsageView.as_view()),
    path("receipts/<str:request_id>", ReceiptView.as_view()),
]
