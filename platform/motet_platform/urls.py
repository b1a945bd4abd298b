"""Django's addresses. The inference paths and health checks never get here: see gateway.app."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

urlpatterns = [path("admin/", admin.site.urls)]
