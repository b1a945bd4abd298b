"""Disputes: a bank takes the money back, and later says who was right."""

from .errors import invalid
from .routes import route
from .store import Object, Store


@route("get", "/v1/disputes/{dispute}")
def retrieve(store: Store, params: Object, dispute: str) -> Object:
    return store.get("dispute", dispute)


@route("get", "/v1/disputes")
def search(store: Store, params: Object) -> Object:
    return store.page("dispute", params, "payment_intent", "charge")


def open_dispute(store: Store, intent: str, amount: int | None = None) -> Object:
    paid = store.get("payment_intent", intent)
    if paid["status"] != "succeeded":
        raise invalid("Only a payment that succeeded can be disputed.")
    charge = store.get("charge", paid["latest_charge"])
    if charge["disputed"]:
        raise invalid("This charge is disputed already.", code="charge_disputed")
    charge["disputed"] = True
    dispute = store.new(
        "dispute", "du",
        amount=amount or charge["amount"], currency=charge["currency"], charge=charge["id"],
        payment_intent=intent, reason="fraudulent", status="needs_response", metadata={},
        is_charge_refundable=False,
    )  # fmt: skip
    store.event("charge.dispute.created", dispute)
    store.event("charge.dispute.funds_withdrawn", dispute)
    return dispute


def close_dispute(store: Store, dispute: str, *, won: bool) -> Object:
    found = store.get("dispute", dispute)
    if found["status"] in ("won", "lost"):
        raise invalid("This dispute is closed.")
    found["status"] = "won" if won else "lost"
    if won:
        store.event("charge.dispute.funds_reinstated", found)
    store.event("charge.dispute.closed", found)
    return found
