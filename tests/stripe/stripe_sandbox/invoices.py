"""Invoices: those that a payment leaves behind."""

from .routes import route
from .store import Object, Store


@route("get", "/v1/invoices")
def search(store: Store, params: Object) -> Object:
    return store.page("invoice", params, "customer", "status", "subscription")


@route("get", "/v1/invoices/{invoice}")
def retrieve(store: Store, params: Object, invoice: str) -> Object:
    return store.get("invoice", invoice)


def paid_invoice(store: Store, intent: Object) -> Object:
    """The invoice of a payment that succeeded."""
    number = f"SANDBOX-{len(store.all('invoice')) + 1:04d}"
    invoice = store.new(
        "invoice", "in",
        number=number, customer=intent["customer"], currency=intent["currency"], status="paid",
        total=intent["amount"], amount_due=intent["amount"], amount_paid=intent["amount"],
        amount_remaining=0, metadata={}, description=intent["description"], subscription=None,
        billing_reason="manual",
    )  # fmt: skip
    invoice["hosted_invoice_url"] = f"{store.base_url}/i/{invoice['id']}"
    invoice["invoice_pdf"] = f"{store.base_url}/i/{invoice['id']}"
    store.event("invoice.paid", invoice)
    return invoice
