"""Checkout sessions in mode `payment`, and what paying one does."""

from .cards import card
from .customers import save_card
from .errors import StripeError, invalid, not_implemented
from .invoices import paid_invoice
from .payments import new_intent, pay
from .routes import route
from .store import Object, Store

DAY_S = 86_400


@route("post", "/v1/checkout/sessions")
def create(store: Store, params: Object) -> Object:
    if params.get("mode") != "payment":
        raise not_implemented(f"Checkout in mode {params.get('mode')}")
    if not params.get("line_items"):
        raise invalid("You must specify line items.", param="line_items")
    customer = params.get("customer")
    if customer:
        store.get("customer", customer)
    subtotal = sum(_amount(item) for item in params["line_items"])
    taxed = bool(params.get("automatic_tax", {}).get("enabled"))
    tax = subtotal * store.tax_percent // 100 if taxed else 0
    session = store.new(
        "checkout.session", "cs_test",
        mode="payment", status="open", payment_status="unpaid", customer=customer,
        client_reference_id=params.get("client_reference_id"), currency="usd",
        metadata=params.get("metadata", {}), amount_subtotal=subtotal, amount_total=subtotal + tax,
        total_details={"amount_tax": tax, "amount_discount": 0, "amount_shipping": 0},
        automatic_tax={"enabled": taxed, "status": None}, payment_intent=None, invoice=None,
        success_url=params.get("success_url"), cancel_url=params.get("cancel_url"),
        expires_at=params.get("expires_at", store.now() + DAY_S),
        payment_method_types=["card"], ui_mode="hosted_page",
        _invoice=bool(params.get("invoice_creation", {}).get("enabled")),
        _intent=params.get("payment_intent_data", {}),
    )  # fmt: skip
    session["url"] = f"{store.base_url}/c/pay/{session['id']}"
    return session


@route("get", "/v1/checkout/sessions/{session}")
def retrieve(store: Store, params: Object, session: str) -> Object:
    found = store.get("checkout.session", session)
    if found["status"] == "open" and found["expires_at"] <= store.now():
        _end(store, found)
    return found


@route("get", "/v1/checkout/sessions")
def search(store: Store, params: Object) -> Object:
    return store.page("checkout.session", params, "customer", "payment_intent", "status")


@route("post", "/v1/checkout/sessions/{session}/expire")
def expire(store: Store, params: Object, session: str) -> Object:
    found = store.get("checkout.session", session)
    if found["status"] != "open":
        raise invalid("Only Checkout Sessions with a status in [open] can be expired.")
    _end(store, found)
    return found


def complete(store: Store, session: str, number: str, *, authenticated: bool = True) -> Object:
    """The person pays with this card; a card that asks for 3DS needs `authenticated`."""
    found = retrieve(store, {}, session)
    if found["status"] != "open":
        raise invalid("This Checkout Session is not open.")
    intent = store.objects.get(found["payment_intent"] or "") or new_intent(
        store, amount=found["amount_total"], currency="usd", customer=found["customer"],
        metadata=found["_intent"].get("metadata", {}),
    )  # fmt: skip
    found["payment_intent"] = intent["id"]
    if card(number).asks and not authenticated:
        raise StripeError(402, "card_error", "Authentication failed.", code="card_declined")
    method = save_card(store, None, number)
    pay(store, intent, method, off_session=False)
    if found["customer"] and found["_intent"].get("setup_future_usage"):
        save_card_of(store, found["customer"], method)
    if found["_invoice"]:
        found["invoice"] = paid_invoice(store, intent)["id"]
    found.update(status="complete", payment_status="paid", url=None)
    store.event("checkout.session.completed", found)
    return found


def save_card_of(store: Store, customer: str, method: Object) -> None:
    """Attach a card that was just used."""
    method["customer"] = customer
    settings = store.get("customer", customer)["invoice_settings"]
    settings["default_payment_method"] = settings["default_payment_method"] or method["id"]
    store.event("payment_method.attached", method)


def _end(store: Store, session: Object) -> None:
    session.update(status="expired", url=None)
    store.event("checkout.session.expired", session)


def _amount(item: Object) -> int:
    price = item.get("price_data")
    if price is None or "unit_amount" not in price or price["currency"] != "usd":
        raise not_implemented("line items without price_data in whole US cents")
    if "product_data" not in price and "product" not in price:
        raise invalid("price_data needs product or product_data.", param="line_items")
    amount: int = price["unit_amount"] * item.get("quantity", 1)
    return amount
