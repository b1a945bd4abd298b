"""Customers and their saved cards."""

from typing import Any

from .cards import card
from .errors import invalid, not_implemented
from .routes import route
from .store import Object, Store

READY_MADE = {
    "pm_card_visa": "4242424242424242",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_createDispute": "4000000000000259",
}
_FIELDS = ("email", "name", "description", "phone", "address", "test_clock")


@route("post", "/v1/customers")
def create(store: Store, params: Object) -> Object:
    customer = store.new(
        "customer", "cus",
        **{name: params.get(name) for name in _FIELDS},
        metadata=params.get("metadata", {}), balance=0, delinquent=False,
        invoice_settings={"default_payment_method": None},
    )  # fmt: skip
    store.event("customer.created", customer)
    return customer


@route("get", "/v1/customers/{customer}")
def retrieve(store: Store, params: Object, customer: str) -> Object:
    return store.get("customer", customer)


@route("get", "/v1/customers")
def search(store: Store, params: Object) -> Object:
    return store.page("customer", params, "email")


@route("post", "/v1/customers/{customer}")
def update(store: Store, params: Object, customer: str) -> Object:
    found = store.get("customer", customer)
    found.update({name: params[name] for name in _FIELDS if name in params})
    found["metadata"] |= params.get("metadata", {})
    if default := params.get("invoice_settings", {}).get("default_payment_method"):
        _owned(store, found["id"], default)
        found["invoice_settings"]["default_payment_method"] = default
    store.event("customer.updated", found)
    return found


@route("get", "/v1/payment_methods")
def methods(store: Store, params: Object) -> Object:
    return store.page("payment_method", params, "customer", "type")


@route("get", "/v1/customers/{customer}/payment_methods")
def methods_of(store: Store, params: Object, customer: str) -> Object:
    store.get("customer", customer)
    return store.page("payment_method", {**params, "customer": customer}, "customer", "type")


@route("get", "/v1/payment_methods/{payment_method}")
def method(store: Store, params: Object, payment_method: str) -> Object:
    return store.get("payment_method", payment_method)


@route("post", "/v1/payment_methods/{payment_method}/attach")
def attach(store: Store, params: Object, payment_method: str) -> Object:
    """Stripe's ready-made test methods (`pm_card_visa`) become a card of the customer."""
    if payment_method not in READY_MADE:
        raise not_implemented(f"attaching {payment_method}")
    return save_card(
        store, store.get("customer", params["customer"])["id"], READY_MADE[payment_method]
    )


@route("post", "/v1/payment_methods/{payment_method}/detach")
def detach(store: Store, params: Object, payment_method: str) -> Object:
    found = store.get("payment_method", payment_method)
    owner = store.objects.get(found["customer"] or "")
    if owner and owner["invoice_settings"]["default_payment_method"] == found["id"]:
        owner["invoice_settings"]["default_payment_method"] = None
    found["customer"] = None
    store.event("payment_method.detached", found)
    return found


def save_card(store: Store, customer: str | None, number: str) -> Object:
    """A card as a payment method; the customer's default where there is none yet."""
    kind = card(number)
    saved = store.new(
        "payment_method", "pm",
        type="card", customer=customer, metadata={}, billing_details={},
        card={"brand": kind.brand, "last4": number[-4:], "exp_month": 12, "exp_year": 2040,
              "funding": "credit", "country": "US"},
        _number=number,
    )  # fmt: skip
    if customer is not None:
        settings = store.get("customer", customer)["invoice_settings"]
        settings["default_payment_method"] = settings["default_payment_method"] or saved["id"]
        store.event("payment_method.attached", saved)
    return saved


def _owned(store: Store, customer: str, payment_method: str) -> dict[str, Any]:
    found = store.get("payment_method", payment_method)
    if found["customer"] != customer:
        raise invalid("The payment method does not belong to this customer.")
    return found
