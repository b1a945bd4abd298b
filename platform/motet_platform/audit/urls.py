from django.urls import path

from motet_platform.audit.views import AuditLogView

urlpatterns = [path("audit-log", AuditLogView.as_view())]
