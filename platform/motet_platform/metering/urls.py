from django.urls import path

from motet_platform.metering.views import ReceiptView, UsageView

urlpatterns = [
    path("usage", UsageView.as_view()),
    path("receipts/<str:request_id>", ReceiptView.as_view()),
]
