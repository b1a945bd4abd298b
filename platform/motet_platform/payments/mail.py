"""What people are told about payments."""

from __future__ import annotations

from django.core.mail import send_mail
from motet_billing.stripe.models import AutoTopup

from motet_platform.config import get_config

_WHY = {
    "authentication_required": "your bank wants to ask you first, which an automatic payment "
    "cannot do",
    "no_saved_card": "there is no saved card",
}


def stopped_mail(rule: AutoTopup) -> None:
    """Automatic top-up was turned off; says why and what to do."""
    why = _WHY.get(rule.stopped, f"your card was refused ({rule.stopped})")
    send_mail(
        "Automatic top-up is off",
        f"Motet could not top up your credit: {why}. Automatic top-up is off now.\n\n"
        f"Top up by hand, or change your card, at {get_config().public_url}/billing, and turn "
        "automatic top-up on again there.\n",
        None,
        [rule.wallet.stripe_customer.email],
    )
