from django.urls import path

from motet_platform.accounts.views import MembersView

urlpatterns = [path("members", MembersView.as_view())]
