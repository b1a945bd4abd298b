"""`motet payments`: for operators."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

import typer

from motet_platform.cli.operator import operator
from motet_platform.cli.output import Json, fail, note, print_json, print_table

app = typer.Typer(help="Top-ups, refunds, postpaid accounts (for operators).", no_args_is_help=True)


@contextmanager
def _stripe() -> Iterator[None]:
    with operator():
        from motet_billing.stripe.errors import PaymentError

        try:
            yield
        except PaymentError as error:
            fail(str(error))


@app.command()
def ls(account: Annotated[str, typer.Argument(help="Its slug.")], as_json: Json = False) -> None:
    """An account's latest 100 top-ups, newest first."""
    with operator():
        from motet_billing.money import usd
        from motet_billing.stripe.models import CENT, Payment

        rows = [
            {
                "id": str(payment.pk),
                "created": f"{payment.created_at:%Y-%m-%d %H:%M}",
                "kind": payment.kind,
                "state": payment.state,
                "amount": usd(payment.cents * CENT),
                "refunded": usd(sum(r.taken for r in payment.refunds.all() if r.state != "failed")),
                "disputed": ", ".join(dispute.state for dispute in payment.disputes.all()),
            }
            for payment in Payment.objects.filter(wallet__account__slug=account)
            .prefetch_related("refunds", "disputes")
            .order_by("-created_at")[:100]
        ]
    if as_json:
        print_json(rows)
    else:
        heads = ["payment", "created", "kind", "state", "USD", "refunded", "disputes"]
        print_table(heads, [list(row.values()) for row in rows])


@app.command()
def refund(
    payment: Annotated[UUID, typer.Argument(help="Its id, from `motet payments ls`.")],
    amount: Annotated[str, typer.Argument(help="USD of unused credit, such as 5.00.")],
    reason: Annotated[str, typer.Option(help="Kept with the refund.")] = "",
) -> None:
    """Give money back to the card. Only paid credit that is unused can go back."""
    with _stripe():
        from motet_billing.money import picodollars
        from motet_billing.stripe.models import CENT, Payment
        from motet_billing.stripe.refunds import refund_open

        from motet_platform.payments.rail import require_stripe

        try:
            cents, rest = divmod(picodollars(amount), CENT)
        except ValueError as error:
            fail(str(error))
        if rest:
            fail("refund whole cents")
        if not Payment.objects.filter(pk=payment).exists():
            fail(f"there is no payment {payment}")
        done = refund_open(require_stripe(), payment_id=payment, cents=cents, reason=reason)
    note(f"refund {done.pk}: {done.state}")


@app.command()
def postpaid(account: Annotated[str, typer.Argument(help="Its slug.")]) -> None:
    """Export the account's charges to Stripe's meter from now on, hour by hour."""
    with _stripe():
        from motet_billing.stripe.meters import METER, meter_open, plan_open

        from motet_platform.accounts.models import Account
        from motet_platform.payments.customer import customer_for
        from motet_platform.payments.rail import require_stripe

        found = Account.objects.filter(slug=account).first()
        if found is None:
            fail(f"there is no account {account}")
        client = require_stripe()
        customer = customer_for(client, found)
        meter = meter_open(client)
        plan_open(wallet_id=found.wallet.pk)
    note(f"{account} is {customer.stripe_id}; meter {METER} is {meter}")
