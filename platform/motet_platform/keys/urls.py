from django.urls import path

from motet_platform.keys.views import KeyRotateView, KeysView, KeyView

urlpatterns = [
    path("keys", KeysView.as_view()),
    path("keys/<int:key_id>", KeyView.as_view()),
    path("keys/<int:key_id>/rotate", KeyRotateView.as_view()),
]
