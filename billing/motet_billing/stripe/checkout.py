"""Top-ups by Checkout: the person pays on Stripe's page, and the card is saved."""

from django.db.models.functions import Now
from stripe import StripeClient

from motet_billing.stripe.client import answers, key
from motet_billing.stripe.errors import PaymentRefused
from motet_billing.stripe.models import Customer, Payment


def checkout_open(
    client: StripeClient, *, customer: Customer, cents: int, return_url: str, tax: bool
) -> Payment:
    """A payment whose `url` takes the person to Stripe.

    PaymentRefused; StripeUnavailable, and the payment is then looked after by `reconcile`.
    """
    payment = Payment.objects.create(
        wallet_id=customer.pk, kind=Payment.Kind.CHECKOUT, cents=cents, checked_at=Now()
    )
    return checkout_send(client, payment, customer=customer, return_url=return_url, tax=tax)


def checkout_send(
    client: StripeClient, payment: Payment, *, customer: Customer, return_url: str, tax: bool
) -> Payment:
    assert customer.stripe_id is not None
    mark = {"motet_payment": str(payment.pk)}
    try:
        with answers():
            session = client.v1.checkout.sessions.create(
                {
                    "mode": "payment",
                    "customer": customer.stripe_id,
                    "client_reference_id": str(payment.pk),
                    "metadata": mark,
                    "line_items": [
                        {
                            "quantity": 1,
                            "price_data": {
                                "currency": "usd",
                                "unit_amount": payment.cents,
                                "tax_behavior": "exclusive",
                                "product_data": {"name": "Motet credit"},
                            },
                        }
                    ],
                    "payment_intent_data": {
                        "setup_future_usage": "off_session",
                        "metadata": mark,
                    },
                    "invoice_creation": {"enabled": True},
                    "automatic_tax": {"enabled": tax},
                    "tax_id_collection": {"enabled": tax},
                    "customer_update": {"address": "auto", "name": "auto"},
                    "success_url": f"{return_url}?payment={payment.pk}",
                    "cancel_url": return_url,
                },
                key(f"payment-{payment.pk}"),
            )
    except PaymentRefused as error:
        Payment.objects.filter(pk=payment.pk).update(state=Payment.State.FAILED, error=str(error))
        raise
    Payment.objects.filter(pk=payment.pk, state=Payment.State.NEW).update(
        state=Payment.State.OPEN, session_id=session.id, url=session.url or ""
    )
    payment.refresh_from_db()
    return payment
