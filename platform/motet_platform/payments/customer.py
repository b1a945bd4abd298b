"""Which of Stripe's customers an account is."""

from __future__ import annotations

from motet_billing.stripe.customers import customer_open
from motet_billing.stripe.models import Customer
from stripe import StripeClient

from motet_platform.accounts.models import Account, Role


def customer_for(client: StripeClient, account: Account) -> Customer:
    """The account's customer, made at the first call with the owner's e-mail."""
    owner = account.users.filter(memberships__role=Role.OWNER).order_by("pk").first()
    return customer_open(
        client,
        wallet_id=account.wallet.pk,
        email=owner.email if owner else "",
        name=account.name,
    )


def customer_known(account: Account) -> Customer | None:
    """The account's customer, None where it never paid."""
    return Customer.objects.filter(wallet=account.wallet, stripe_id__isnull=False).first()
