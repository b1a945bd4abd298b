from django.urls import path

from motet_platform.payments.autotopup_views import AutoTopupView
from motet_platform.payments.stripe_views import InvoicesView, PaymentMethodsView
from motet_platform.payments.views import (
    CheckoutView,
    PaymentsView,
    PaymentView,
    PortalView,
    SettingsView,
)
from motet_platform.payments.webhook import stripe_webhook

urlpatterns = [
    path("billing/settings", SettingsView.as_view()),
    path("billing/checkout", CheckoutView.as_view()),
    path("billing/portal", PortalView.as_view()),
    path("billing/payments", PaymentsView.as_view()),
    path("billing/payments/<uuid:payment_id>", PaymentView.as_view()),
    path("billing/autotopup", AutoTopupView.as_view()),
    path("billing/invoices", InvoicesView.as_view()),
    path("billing/payment_methods", PaymentMethodsView.as_view()),
    path("webhooks/stripe", stripe_webhook),
]
