from django.urls import path

from motet_platform.staff.account_views import (
    StaffAccountsView,
    StaffResumeView,
    StaffSpendView,
    StaffStatsView,
    StaffSuspendView,
)
from motet_platform.staff.adjustment_views import (
    StaffAdjustmentsView,
    StaffApproveView,
    StaffGrantView,
    StaffRefuseView,
)
from motet_platform.staff.worker_views import StaffWorkersView

urlpatterns = [
    path("operator/workers", StaffWorkersView.as_view()),
    path("operator/accounts", StaffAccountsView.as_view()),
    path("operator/accounts/<str:slug>/grant", StaffGrantView.as_view()),
    path("operator/accounts/<str:slug>/suspend", StaffSuspendView.as_view()),
    path("operator/accounts/<str:slug>/resume", StaffResumeView.as_view()),
    path("operator/adjustments", StaffAdjustmentsView.as_view()),
    path("operator/adjustments/<int:adjustment_id>/approve", StaffApproveView.as_view()),
    path("operator/adjustments/<int:adjustment_id>/refuse", StaffRefuseView.as_view()),
    path("operator/spend", StaffSpendView.as_view()),
    path("operator/stats", StaffStatsView.as_view()),
]
