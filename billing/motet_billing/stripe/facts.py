"""What Stripe says about one payment, read at one time: calls out, and writes nothing."""

from dataclasses import dataclass

from stripe import Charge, Dispute, PaymentIntent, Refund, StripeClient

from motet_billing.stripe.client import answers, note
from motet_billing.stripe.models import Payment


@dataclass(frozen=True, slots=True)
class RefundFact:
    stripe_id: str
    cents: int
    state: str  # done | failed
    ours: str | None  # the id of our row, where we asked for it


@dataclass(frozen=True, slots=True)
class DisputeFact:
    stripe_id: str
    cents: int
    state: str  # open | won | lost


@dataclass(frozen=True, slots=True)
class Facts:
    """`state` is open, paid or failed; `received` counts cents with tax."""

    state: str
    session_id: str | None = None
    intent_id: str | None = None
    received: int = 0
    receipt_url: str = ""
    error: str = ""
    refunds: tuple[RefundFact, ...] = ()
    disputes: tuple[DisputeFact, ...] = ()


_DISPUTES = {"won": "won", "lost": "lost", "needs_response": "open", "under_review": "open"}


def refund_fact(refund: Refund) -> RefundFact:
    state = "failed" if refund.status in ("failed", "canceled") else "done"
    return RefundFact(refund.id, refund.amount, state, note(refund.metadata, "motet_refund"))


def dispute_fact(dispute: Dispute) -> DisputeFact | None:
    """None for an inquiry ("warning_..."), which moves no money."""
    if dispute.status not in _DISPUTES:
        return None
    return DisputeFact(dispute.id, dispute.amount, _DISPUTES[dispute.status])


def facts_of(client: StripeClient, payment: Payment) -> Facts | None:
    """None where Stripe knows nothing of the payment."""
    with answers():
        if payment.intent_id is not None:
            return _intent(client, payment.intent_id, payment.session_id)
        if payment.kind == Payment.Kind.CHECKOUT:
            return _checkout(client, payment)
        return _auto(client, payment)


def _checkout(client: StripeClient, payment: Payment) -> Facts | None:
    session_id = payment.session_id or _lost_session(client, payment)
    if session_id is None:
        return None
    session = client.v1.checkout.sessions.retrieve(session_id)
    if intent := session.payment_intent:
        # A card that was declined leaves the page open for another one.
        known = _intent(client, id_of(intent), session_id)
        if known.state == "paid" or session.status != "open":
            return known
    if session.status == "expired":
        return Facts("failed", session_id=session_id, error="expired")
    return Facts("open", session_id=session_id)


def _auto(client: StripeClient, payment: Payment) -> Facts | None:
    customer = payment.wallet.stripe_customer.stripe_id
    if customer is None:
        return None
    since = int(payment.created_at.timestamp()) - 300
    listed = client.v1.payment_intents.list(
        {"customer": customer, "created": {"gte": since}, "limit": 100}
    )
    for intent in listed.auto_paging_iter():
        if note(intent.metadata, "motet_payment") == str(payment.pk):
            return _intent(client, intent.id, None)
    return None


def _lost_session(client: StripeClient, payment: Payment) -> str | None:
    """The session that Stripe made although its answer did not arrive."""
    customer = payment.wallet.stripe_customer.stripe_id
    if customer is None:
        return None
    listed = client.v1.checkout.sessions.list({"customer": customer, "limit": 100})
    for session in listed.auto_paging_iter():
        if session.client_reference_id == str(payment.pk):
            return session.id
    return None


def _intent(client: StripeClient, intent_id: str, session_id: str | None) -> Facts:
    intent = client.v1.payment_intents.retrieve(intent_id, {"expand": ["latest_charge"]})
    if intent.status != "succeeded":
        return Facts(
            "failed" if _over(intent, session_id) else "open",
            session_id=session_id,
            intent_id=intent.id,
            error=_error(intent),
        )
    charge = intent.latest_charge
    refunds = client.v1.refunds.list({"payment_intent": intent.id, "limit": 100})
    disputes = client.v1.disputes.list({"payment_intent": intent.id, "limit": 100})
    return Facts(
        "paid",
        session_id=session_id,
        intent_id=intent.id,
        received=intent.amount_received,
        receipt_url=(charge.receipt_url or "") if isinstance(charge, Charge) else "",
        refunds=tuple(refund_fact(refund) for refund in refunds.auto_paging_iter()),
        disputes=tuple(
            fact for dispute in disputes.auto_paging_iter() if (fact := dispute_fact(dispute))
        ),
    )


def _over(intent: PaymentIntent, session_id: str | None) -> bool:
    """An off-session payment gets one try; on a page the person may try another card."""
    if intent.status == "canceled":
        return True
    return session_id is None and intent.last_payment_error is not None


def _error(intent: PaymentIntent) -> str:
    error = intent.last_payment_error
    return (error.decline_code or error.code or "declined") if error else ""


def id_of(value: object) -> str:
    """The id of what Stripe names or shows whole."""
    return value if isinstance(value, str) else str(value.id)  # type: ignore[attr-defined]
