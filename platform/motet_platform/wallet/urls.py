from django.urls import path

from motet_platform.wallet.cap_views import AlertsView, CapsView
from motet_platform.wallet.statement_views import StatementView
from motet_platform.wallet.views import BalanceView, LedgerView

urlpatterns = [
    path("billing/balance", BalanceView.as_view()),
    path("billing/ledger", LedgerView.as_view()),
    path("billing/statement", StatementView.as_view()),
    path("billing/caps", CapsView.as_view()),
    path("billing/alerts", AlertsView.as_view()),
]
