"""POST /_test/<word>: what a test does to the sandbox, as JSON; none of it exists at Stripe."""

from dataclasses import asdict
from typing import Any

from . import checkout, disputes, refunds
from .customers import save_card
from .errors import StripeError
from .faults import Faults
from .store import Object, Store
from .webhooks import Courier, Knobs


class Control:
    def __init__(self, store: Store, courier: Courier, faults: Faults) -> None:
        self.store, self.courier, self.faults = store, courier, faults

    def __call__(self, word: str, given: Object) -> Any:
        action = getattr(self, f"do_{word}", None)
        if action is None:
            raise StripeError(404, "invalid_request_error", f"no such control: {word}")
        return action(**given)

    def do_pay(self, session: str, card: str = "4242424242424242") -> Any:
        return checkout.complete(self.store, session, card)

    def do_save_card(self, customer: str, card: str) -> Any:
        return save_card(self.store, customer, card)

    def do_dispute(self, payment_intent: str, amount: int | None = None) -> Any:
        return disputes.open_dispute(self.store, payment_intent, amount)

    def do_close_dispute(self, dispute: str, won: bool) -> Any:
        return disputes.close_dispute(self.store, dispute, won=won)

    def do_fail_refund(self, refund: str) -> Any:
        return refunds.fail(self.store, refund)

    def do_knobs(self, **given: Any) -> Any:
        self.courier.knobs = Knobs(**given)
        return asdict(self.courier.knobs)

    def do_webhook(self, url: str, secret: str) -> Any:
        self.courier.url, self.courier.secret = url, secret
        return {}

    def do_flush(self) -> Any:
        return self.courier.flush()

    def do_resend(self, events: list[str]) -> Any:
        return [self.courier.send(self.store.get("event", key)) for key in events]

    def do_fault(self, **given: Any) -> Any:
        self.faults.add(**given)
        return {}

    def do_clear_faults(self) -> Any:
        self.faults.clear()
        return {}

    def do_advance(self, seconds: int) -> Any:
        self.store.clock_s += seconds
        return {"now": self.store.now()}

    def do_age(self, object: str, seconds: int) -> Any:
        """As if it had been made that much earlier."""
        self.store.objects[object]["created"] -= seconds
        return {}

    def do_tax(self, percent: int) -> Any:
        self.store.tax_percent = percent
        return {}

    def do_reset(self) -> Any:
        self.store.objects.clear()
        self.store.answers.clear()
        self.store.clock_s = self.store.tax_percent = 0
        self.courier.held.clear()
        self.courier.log.clear()
        self.courier.knobs = Knobs()
        self.faults.clear()
        return {}

    def do_objects(self, kind: str) -> Any:
        return self.store.all(kind)

    def do_log(self) -> Any:
        return self.courier.log
