"""A wallet's customer at Stripe, its saved cards and its door to the portal."""

from stripe import StripeClient

from motet_billing.stripe.client import answers, key
from motet_billing.stripe.models import Customer


def customer_open(client: StripeClient, *, wallet_id: int, email: str, name: str) -> Customer:
    """The wallet's customer, made at Stripe at the first call."""
    row, _ = Customer.objects.get_or_create(wallet_id=wallet_id, defaults={"email": email})
    if row.stripe_id is None:
        with answers():
            made = client.v1.customers.create(
                {"email": row.email, "name": name, "metadata": {"motet_wallet": str(row.token)}},
                key(f"customer-{row.token}"),
            )
        Customer.objects.filter(pk=row.pk, stripe_id=None).update(stripe_id=made.id)
        row.refresh_from_db()
    return row


def portal_url(client: StripeClient, *, customer: Customer, return_url: str) -> str:
    """A short-lived address where the customer manages cards, invoices and tax ids."""
    assert customer.stripe_id is not None
    with answers():
        session = client.v1.billing_portal.sessions.create(
            {"customer": customer.stripe_id, "return_url": return_url}
        )
    return session.url


def card_of(client: StripeClient, customer_id: str) -> str | None:
    """The card to charge: the customer's default, else the newest saved one."""
    with answers():
        found = client.v1.customers.retrieve(customer_id)
        default = found.invoice_settings and found.invoice_settings.default_payment_method
        if default:
            return default if isinstance(default, str) else default.id
        saved = client.v1.payment_methods.list({"customer": customer_id, "type": "card"}).data
    return saved[0].id if saved else None
