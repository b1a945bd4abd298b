"""Payment intents and the charges that come of them."""

from .cards import card
from .customers import _owned
from .disputes import open_dispute
from .errors import StripeError, invalid
from .routes import route
from .store import Object, Store

_DECLINED = {
    "generic_decline": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
}


@route("post", "/v1/payment_intents")
def create(store: Store, params: Object) -> Object:
    if params["amount"] < 50:
        raise invalid("Amount must be at least $0.50 usd", param="amount", code="amount_too_small")
    if params.get("customer"):
        store.get("customer", params["customer"])
    intent = new_intent(
        store, amount=params["amount"], currency=params["currency"],
        customer=params.get("customer"), metadata=params.get("metadata", {}),
        description=params.get("description"),
    )  # fmt: skip
    intent["payment_method"] = params.get("payment_method")
    if params.get("confirm"):
        if not intent["payment_method"]:
            raise invalid("Confirming needs a payment method.", param="payment_method")
        method = _owned(store, intent["customer"], intent["payment_method"])
        pay(store, intent, method, off_session=bool(params.get("off_session")))
    return intent


@route("get", "/v1/payment_intents/{intent}")
def retrieve(store: Store, params: Object, intent: str) -> Object:
    return store.get("payment_intent", intent)


@route("get", "/v1/payment_intents")
def search(store: Store, params: Object) -> Object:
    return store.page("payment_intent", params, "customer")


@route("post", "/v1/payment_intents/{intent}/cancel")
def cancel(store: Store, params: Object, intent: str) -> Object:
    found = store.get("payment_intent", intent)
    if found["status"] in ("succeeded", "canceled"):
        raise invalid(
            f"You cannot cancel this PaymentIntent because it has a status of {found['status']}.",
            code="payment_intent_unexpected_state",
        )
    found.update(status="canceled", canceled_at=store.now())
    found["cancellation_reason"] = params.get("cancellation_reason")
    store.event("payment_intent.canceled", found)
    return found


@route("get", "/v1/charges/{charge}")
def charge(store: Store, params: Object, charge: str) -> Object:
    return store.get("charge", charge)


@route("get", "/v1/charges")
def charges(store: Store, params: Object) -> Object:
    return store.page("charge", params, "customer", "payment_intent")


def new_intent(
    store: Store, *, amount: int, currency: str, customer: str | None,
    metadata: dict[str, str], description: str | None = None,
) -> Object:  # fmt: skip
    intent = store.new(
        "payment_intent", "pi",
        amount=amount, amount_received=0, amount_capturable=0, currency=currency,
        customer=customer, metadata=metadata, description=description, payment_method=None,
        status="requires_payment_method", latest_charge=None, last_payment_error=None,
        next_action=None, canceled_at=None, cancellation_reason=None, invoice=None,
        capture_method="automatic_async", confirmation_method="automatic",
        payment_method_types=["card"],
    )  # fmt: skip
    intent["client_secret"] = f"{intent['id']}_secret_sandbox"
    store.event("payment_intent.created", intent)
    return intent


def pay(store: Store, intent: Object, method: Object, *, off_session: bool) -> None:
    """Charge the card: succeeded, or Stripe's 402 with the intent left to be paid otherwise."""
    kind = card(method["_number"])
    intent["payment_method"] = method["id"]
    if off_session and kind.asks:
        _refuse(store, intent, method, "authentication_required", "authentication_required")
    if kind.decline and (off_session or not kind.later):
        _refuse(store, intent, method, "card_declined", kind.decline)
    charged = store.new(
        "charge", "ch",
        amount=intent["amount"], amount_captured=intent["amount"], amount_refunded=0,
        currency=intent["currency"], customer=intent["customer"], payment_intent=intent["id"],
        payment_method=method["id"], paid=True, captured=True, refunded=False, disputed=False,
        status="succeeded", metadata=intent["metadata"],
    )  # fmt: skip
    charged["receipt_url"] = f"{store.base_url}/receipts/{charged['id']}"
    intent.update(
        status="succeeded", amount_received=intent["amount"],
        latest_charge=charged["id"], last_payment_error=None,
    )  # fmt: skip
    store.event("charge.succeeded", charged)
    store.event("payment_intent.succeeded", intent)
    if kind.disputed:
        open_dispute(store, intent["id"])


def _refuse(store: Store, intent: Object, method: Object, code: str, decline: str) -> None:
    message = _DECLINED.get(decline, "Your card was declined. This transaction requires "
                            "authentication.")  # fmt: skip
    error = {
        "type": "card_error", "code": code, "decline_code": decline, "message": message,
        "payment_method": {k: v for k, v in method.items() if not k.startswith("_")},
    }  # fmt: skip
    intent.update(status="requires_payment_method", last_payment_error=error)
    store.event("payment_intent.payment_failed", intent)
    raise StripeError(
        402, "card_error", message, code=code, decline_code=decline, payment_intent=dict(intent)
    )
