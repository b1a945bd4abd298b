from django.urls import path

from motet_platform.accounts.session_views import SessionInfoView, TokenView

urlpatterns = [
    path("session", SessionInfoView.as_view()),
    path("token", TokenView.as_view()),
]
