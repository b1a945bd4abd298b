"""The whole log of webhooks again, twice and shuffled: nothing may move (I13).

Done in a transaction per wallet that is rolled back, with its locks held: when all is quiet.
"""

import random
from collections import defaultdict
from typing import Any

from django.db import transaction
from stripe import StripeClient

from motet_billing.audit import Violation
from motet_billing.errors import LedgerError
from motet_billing.models import Journal, Lot, Wallet
from motet_billing.stripe.autotopup import autotopup_settle
from motet_billing.stripe.events import TYPES, payment_of
from motet_billing.stripe.facts import facts_of
from motet_billing.stripe.models import AutoTopup, Customer, Dispute, Event, Payment, Refund
from motet_billing.stripe.settle import facts_apply

State = dict[str, tuple[Any, ...]]


def replayed(client: StripeClient) -> list[Violation]:
    """What the log would change, were it handled again. StripeUnavailable."""
    heard: dict[int, list[Payment]] = defaultdict(list)
    for event in Event.objects.filter(type__in=TYPES).exclude(handled_at=None).order_by("pk"):
        if payment := payment_of(client, event):
            heard[payment.wallet_id].append(payment)
    return [
        violation
        for wallet_id, payments in heard.items()
        for violation in _wallet(client, wallet_id, payments)
    ]


def _wallet(client: StripeClient, wallet_id: int, payments: list[Payment]) -> list[Violation]:
    facts = {payment.pk: facts_of(client, payment) for payment in set(payments)}
    order = [payment.pk for payment in payments] * 2
    random.Random(wallet_id).shuffle(order)  # noqa: S311 (any order will do)
    with transaction.atomic():
        Wallet.objects.select_for_update().get(pk=wallet_id)
        before = _state(wallet_id)
        try:
            for payment_id in order:
                autotopup_settle(facts_apply(payment_id, facts[payment_id]))
        except (LedgerError, ValueError) as error:
            return [Violation("I13", f"wallet {wallet_id}", f"cannot be replayed: {error}")]
        else:
            after = _state(wallet_id)
        finally:
            transaction.set_rollback(True)
    return [
        Violation(
            "I13", name, f"{before.get(name, 'nothing')}, replayed {after.get(name, 'nothing')}"
        )
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def _state(wallet_id: int) -> State:
    """All that a webhook may change, by name."""
    state: State = {}
    wallet = Wallet.objects.get(pk=wallet_id)
    state[f"wallet {wallet_id}"] = (wallet.posted, wallet.reserved)
    for payment in Payment.objects.filter(wallet_id=wallet_id):
        state[str(payment)] = (payment.state, payment.intent_id, payment.received)
    for refund in Refund.objects.filter(payment__wallet_id=wallet_id):
        key = refund.stripe_id or refund.pk
        state[f"refund {key}"] = (refund.state, refund.cents, refund.taken)
    for dispute in Dispute.objects.filter(payment__wallet_id=wallet_id):
        state[str(dispute)] = (dispute.state, dispute.cents, dispute.taken)
    for customer in Customer.objects.filter(pk=wallet_id):
        state[f"customer of wallet {wallet_id}"] = (
            "disputed" if customer.disputed_at else "undisputed",
        )
    for rule in AutoTopup.objects.filter(pk=wallet_id):
        state[str(rule)] = (rule.enabled, rule.failures, rule.stopped)
    for lot in Lot.objects.filter(wallet_id=wallet_id, source_key__startswith="stripe:"):
        state[f"lot {lot.source_key}"] = (lot.amount, lot.remaining)
    for kind in ("grant", "take"):
        keys = Journal.objects.filter(wallet_id=wallet_id, key__startswith=f"{kind}:stripe:")
        state |= {f"journal {key}": ("there",) for key in keys.values_list("key", flat=True)}
    return state
