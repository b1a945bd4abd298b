from django.urls import path

from motet_platform.staff.account_views import (
    StaffAccountsView,
    StaffGrantView,
    StaffResumeView,
    StaffSpendView,
    StaffStatsView,
    StaffSuspendView,
)
from motet_platform.staff.worker_views import StaffWorkersView

urlpatterns = [
    path("operator/workers", StaffWorkersView.as_view()),
    path("operator/accounts", StaffAccountsView.as_view()),
    path("operator/accounts/<str:slug>/grant", StaffGrantView.as_view()),
    path("operator/accounts/<str:slug>/suspend", StaffSuspendView.as_view()),
    path("operator/accounts/<str:slug>/resume", StaffResumeView.as_view()),
    path("operator/spend", StaffSpendView.as_view()),
    path("operator/stats", StaffStatsView.as_view()),
]
