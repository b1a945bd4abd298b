"""The books of payments and exports against the ledger, and against Stripe where there is one."""

from __future__ import annotations

from motet_billing.audit import Violation
from motet_billing.stripe.books import books_compared
from motet_billing.stripe.compare import meters_compared, payments_compared
from motet_billing.stripe.errors import PaymentError
from motet_billing.stripe.replay import replayed

from motet_platform.payments.rail import payments_on, require_stripe


def stripe_check() -> list[Violation]:
    """I11 to I14, for `motet audit --quiet-state`: nothing. A Stripe that is silent is no proof."""
    found = books_compared()
    if not payments_on():
        return found
    client = require_stripe()
    for check in (payments_compared, meters_compared, replayed):
        try:
            found += check(client)
        except PaymentError as error:
            found.append(Violation("I11-I13", check.__name__, f"Stripe was not heard: {error}"))
    return found
