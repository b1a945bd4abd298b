"""Refunds of charges, and those that fail after all."""

from .errors import invalid
from .routes import route
from .store import Object, Store


@route("post", "/v1/refunds")
def create(store: Store, params: Object) -> Object:
    charge = _charge(store, params)
    left = charge["amount"] - charge["amount_refunded"]
    amount = params.get("amount", left)
    if charge["disputed"]:
        raise invalid("This charge has been charged back.", code="charge_disputed")
    if not 0 < amount <= left:
        code = "charge_already_refunded" if left == 0 else "amount_too_large"
        raise invalid("Refund amount is greater than what is left.", param="amount", code=code)
    refund = store.new(
        "refund", "re",
        amount=amount, currency=charge["currency"], charge=charge["id"],
        payment_intent=charge["payment_intent"], reason=params.get("reason"),
        status="succeeded", metadata=params.get("metadata", {}), failure_reason=None,
    )  # fmt: skip
    _count(charge, amount)
    store.event("refund.created", refund)
    store.event("charge.refunded", charge)
    return refund


@route("get", "/v1/refunds/{refund}")
def retrieve(store: Store, params: Object, refund: str) -> Object:
    return store.get("refund", refund)


@route("get", "/v1/refunds")
def search(store: Store, params: Object) -> Object:
    return store.page("refund", params, "payment_intent", "charge")


def fail(store: Store, refund: str) -> Object:
    """The bank sent a refund back: Stripe has the money again."""
    found = store.get("refund", refund)
    if found["status"] != "succeeded":
        raise invalid("Only a refund that succeeded can fail later.")
    found.update(status="failed", failure_reason="expired_or_canceled_card")
    _count(store.get("charge", found["charge"]), -found["amount"])
    store.event("refund.failed", found)
    return found


def _charge(store: Store, params: Object) -> Object:
    key = params.get("charge")
    if intent := params.get("payment_intent"):
        key = store.get("payment_intent", intent)["latest_charge"]
    if not key:
        raise invalid("This PaymentIntent does not have a successful charge to refund.")
    return store.get("charge", key)


def _count(charge: Object, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
