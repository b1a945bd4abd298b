"""/auth: what a dashboard session may do before it has a token."""

from django.urls import path

from motet_platform.accounts.session_views import SessionInfoView, TokenView
from motet_platform.team.account_views import MyAccountsView
from motet_platform.team.invitation_views import AcceptView, MyInvitationsView

urlpatterns = [
    path("session", SessionInfoView.as_view()),
    path("token", TokenView.as_view()),
    path("accounts", MyAccountsView.as_view()),
    path("invitations", MyInvitationsView.as_view()),
    path("invitations/accept", AcceptView.as_view()),
]
