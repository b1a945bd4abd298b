"""The SDK's client, and what its errors mean for whoever asked."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import stripe
from django.db import connection
from stripe import StripeClient

from motet_billing.stripe.errors import PaymentRefused, StripeUnavailable

TIMEOUT_S = 20


class _OutsideTransactions(stripe.RequestsClient):
    """Refuses to call out while a transaction holds locks: Stripe may take its time."""

    def request(  # type: ignore[override]  # as the class itself does, one argument short
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> Any:
        if connection.in_atomic_block:
            raise RuntimeError(f"{method} {url} inside a database transaction")
        return super().request(method, url, headers, post_data)


def connect(api_key: str, url: str | None = None, *, retries: int = 2) -> StripeClient:
    """A client of Stripe, or of the sandbox at `url`."""
    return StripeClient(
        api_key,
        base_addresses={"api": url, "files": url, "connect": url, "meter_events": url}
        if url
        else {},
        http_client=_OutsideTransactions(timeout=TIMEOUT_S),
        max_network_retries=retries,
    )


@contextmanager
def answers() -> Iterator[None]:
    """Stripe's errors in two kinds: refused for good, or not known.

    PaymentRefused says that nothing was done. StripeUnavailable leaves open whether it was.
    """
    try:
        yield
    except (stripe.InvalidRequestError, stripe.CardError) as error:
        raise PaymentRefused(error.user_message or str(error)) from error
    except stripe.StripeError as error:
        raise StripeUnavailable(f"{type(error).__name__}: {error.user_message}") from error


def key(name: str) -> Any:
    """Options of a call that Stripe shall do once, however often it is asked."""
    return {"idempotency_key": f"motet-{name}"}


def note(metadata: Any, name: str) -> str | None:
    """One of our notes on an object of Stripe's, as the SDK or an event shows it."""
    return metadata[name] if metadata and name in metadata else None
