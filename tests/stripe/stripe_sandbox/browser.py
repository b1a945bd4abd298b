"""Answers to a browser: pages to be seen, and forms that are sent."""

from dataclasses import dataclass

from . import checkout, pages
from .cards import card
from .customers import detach, save_card
from .errors import StripeError
from .store import Store


@dataclass(frozen=True)
class Answer:
    """HTML, or with `location` a redirect."""

    status: int
    html: str = ""
    location: str = ""


def get(store: Store, path: str) -> Answer | None:
    """The page at this address, None where there is none."""
    match path.strip("/").split("/"):
        case ["c", "pay", key]:
            session = checkout.retrieve(store, {}, key)
            if session["status"] == "open":
                return Answer(200, pages.checkout(session))
            return Answer(200, pages.page("Pay", f"<p>This session is {session['status']}."))
        case ["p", "session", key]:
            return Answer(200, pages.portal(store, store.get("billing_portal.session", key)))
        case ["i", key]:
            return Answer(200, pages.invoice(store.get("invoice", key)))
        case ["receipts", key]:
            return Answer(200, pages.receipt(store.get("charge", key)))
    return None


def post(store: Store, path: str, form: dict[str, str]) -> Answer | None:
    match path.strip("/").split("/"):
        case ["c", "pay", key]:
            return _pay(store, key, form)
        case ["p", "session", key]:
            session = store.get("billing_portal.session", key)
            if form.get("card"):
                save_card(store, session["customer"], form["card"])
            if method := form.get("remove"):
                detach(store, {}, method)
            return Answer(303, location=path)
    return None


def _pay(store: Store, key: str, form: dict[str, str]) -> Answer:
    number, answer = form.get("card", ""), form.get("bank")
    try:
        if card(number).asks and answer is None:
            return Answer(200, pages.bank(checkout.retrieve(store, {}, key), number))
        session = checkout.complete(store, key, number, authenticated=answer == "confirm")
    except StripeError as refusal:
        if refusal.status != 402:
            raise
        return Answer(200, pages.checkout(store.get("checkout.session", key), str(refusal)))
    target = (session["success_url"] or "/").replace("{CHECKOUT_SESSION_ID}", session["id"])
    return Answer(303, location=target)
