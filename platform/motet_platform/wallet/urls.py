from django.urls import path

from motet_platform.wallet.views import BalanceView, LedgerView

urlpatterns = [
    path("billing/balance", BalanceView.as_view()),
    path("billing/ledger", LedgerView.as_view()),
]
