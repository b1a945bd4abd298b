from django.urls import path

from motet_platform.keys.views import KeysView, KeyView

urlpatterns = [
    path("keys", KeysView.as_view()),
    path("keys/<int:key_id>", KeyView.as_view()),
]
