"""The way to Stripe that this installation has: none, the sandbox, or Stripe itself.

Everything that needs it asks here, so there is one place that says when payments are off.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from motet_billing.stripe.client import connect
from motet_billing.stripe.errors import PaymentRefused, RefundRefused, StripeUnavailable
from stripe import StripeClient

from motet_platform.config import ConfigError, get_config
from motet_platform.errors import InvalidRequest, NotBuilt, Unavailable


def payments_on() -> bool:
    return get_config().stripe != "off"


def require_stripe() -> StripeClient:
    """The client; NotBuilt `stripe_off` where there are no payments here."""
    config = get_config()
    if config.stripe == "off":
        raise NotBuilt(
            "Payments are off here (MOTET_STRIPE=off): ask the operator for credit.",
            code="stripe_off",
        )
    if config.stripe == "sandbox" and not config.stripe_url:
        raise ConfigError("MOTET_STRIPE=sandbox needs MOTET_STRIPE_URL, which `motet up` sets")
    return _client(config.stripe_api_key or "sk_test_sandbox", config.stripe_url)


def webhook_secret() -> str:
    """What Stripe signs its events with."""
    require_stripe()
    secret = get_config().stripe_webhook_secret
    if not secret:
        raise ConfigError("MOTET_STRIPE_WEBHOOK_SECRET is not set")
    return secret


@contextmanager
def answered() -> Iterator[StripeClient]:
    """The client, for a request: Stripe's refusals and silences become errors of the API."""
    client = require_stripe()
    try:
        yield client
    except (PaymentRefused, RefundRefused) as error:
        raise InvalidRequest(str(error), code="payment_refused") from error
    except StripeUnavailable as error:
        raise Unavailable(
            "Stripe does not answer now. Nothing is charged twice if you try again.",
            code="stripe_unavailable",
            retry_after=5,
        ) from error


@cache
def _client(api_key: str, url: str | None) -> StripeClient:
    return connect(api_key, url)
