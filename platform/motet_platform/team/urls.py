from django.urls import path

from motet_platform.team.account_views import AccountView
from motet_platform.team.invitation_views import InvitationsView, InvitationView
from motet_platform.team.member_views import MembersView, MemberView
from motet_platform.team.service_account_views import ServiceAccountsView, ServiceAccountView

urlpatterns = [
    path("account", AccountView.as_view()),
    path("members", MembersView.as_view()),
    path("members/<int:member_id>", MemberView.as_view()),
    path("invitations", InvitationsView.as_view()),
    path("invitations/<int:invitation_id>", InvitationView.as_view()),
    path("service-accounts", ServiceAccountsView.as_view()),
    path("service-accounts/<int:service_id>", ServiceAccountView.as_view()),
]
