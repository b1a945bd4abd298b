"""Changes of money that people and tasks ask for. Every one is safe to repeat.

Holds are opened, extended and settled by `writer.LedgerWriter`, on the same statements.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, Sum
from django.db.models.functions import Now

from motet_billing import ledger, sql
from motet_billing.burn import Kind, OpenLot, burn, expirable
from motet_billing.commands import CHECKPOINT_KEYS, Expire
from motet_billing.decide import Books, Decision, decide
from motet_billing.errors import (
    InsufficientCredit,
    PriceConflict,
    SourceConflict,
    UnknownWallet,
)
from motet_billing.ledger import Query
from motet_billing.models import Hold, Journal, Lot, PriceVersion, Wallet
from motet_billing.money import check_range

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ExpiredHold:
    """What the sweeper charged for a request whose gateway is gone, for its usage record."""

    request_id: str
    wallet_id: int
    price_version_id: int
    context: dict[str, Any]
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    cost: int
    fault: str
    opened_at: datetime


def wallet_open(*, account_id: int) -> Wallet:
    """The account's wallet, made if there is none yet."""
    return Wallet.objects.get_or_create(account_id=account_id)[0]


def credit_grant(
    *,
    wallet_id: int,
    amount: int,
    kind: Kind,
    source_key: str,
    expires_at: datetime | None = None,
    memo: str = "",
    source: ledger.Source | None = None,
) -> Lot:
    """Add credit in picodollars, once per `source_key`: a replay returns the lot that is there.

    It comes from the account `source`; without one, paid credit from `payment_clearing`, which
    is what payments brought and nothing else. UnknownWallet; SourceConflict where the key paid for
    something else; ValueError for an amount that is not positive or that no wallet could hold, or
    an unknown kind.
    """
    if check_range(amount) <= 0 or kind not in Lot.Kind.values:
        raise ValueError(f"cannot grant {amount} picodollars of {kind!r} credit")
    with transaction.atomic():
        wallets = _rows(sql.wallets_lock([wallet_id]))
        if not wallets:
            raise UnknownWallet(f"no wallet {wallet_id}")
        lot, created = Lot.objects.get_or_create(
            source_key=source_key,
            defaults={
                "wallet_id": wallet_id,
                "kind": kind,
                "amount": amount,
                "expires_at": expires_at,
            },
        )
        if created:
            ((_, posted, _),) = wallets
            check_range(posted + amount)
            posting = ledger.grant(
                source_key=source_key,
                wallet_id=wallet_id,
                lot_id=lot.pk,
                kind=kind,
                amount=amount,
                memo=memo,
                source=source,
            )
            _execute(ledger.post([posting]))
            lot.refresh_from_db()
        elif (lot.wallet_id, lot.amount, lot.kind) != (wallet_id, amount, kind):
            raise SourceConflict(f"{source_key} already paid for lot {lot.pk}")
    return lot


def credit_take(
    *,
    wallet_id: int,
    amount: int,
    kind: ledger.Taking,
    source_key: str,
    memo: str,
    lots: Kind | None = None,
) -> Journal:
    """Take back credit that no hold claims, once per `source_key`: a replay returns the journal.

    From the lots in the order in which they pay, or from those of one kind alone. UnknownWallet;
    InsufficientCredit says how much can be taken; SourceConflict; ValueError.
    """
    if check_range(amount) <= 0:
        raise ValueError(f"cannot take {amount} picodollars")
    with transaction.atomic():
        wallets = _rows(sql.wallets_lock([wallet_id]))
        if not wallets:
            raise UnknownWallet(f"no wallet {wallet_id}")
        ((_, posted, reserved),) = wallets
        key = f"take:{source_key}"
        found = Journal.objects.filter(key=key).annotate(
            taken=-Sum("entries__amount", filter=Q(entries__account="wallet"))
        )
        if journal := found.first():
            if (journal.wallet_id, journal.taken, journal.kind) != (wallet_id, amount, kind):
                raise SourceConflict(f"{source_key} already took something else")
            return journal
        rows = [OpenLot(*row[1:]) for row in _rows(sql.lots_lock([wallet_id]))]
        open_lots = [lot for lot in rows if lots in (None, lot.kind)]
        free = min(posted - reserved, sum(lot.remaining for lot in open_lots))
        if amount > free:
            raise InsufficientCredit(free, amount)
        posting = ledger.taking(
            source_key=source_key,
            wallet_id=wallet_id,
            kind=kind,
            shares=burn(open_lots, amount),
            memo=memo,
        )
        _execute(ledger.post([posting]))
        return Journal.objects.get(key=key)


def holds_expire(
    *, record: Callable[[ExpiredHold], None], limit: int = 500, grace_s: float = 15.0
) -> list[ExpiredHold]:
    """End the holds whose lease has run out, up to `limit`, and return them.

    Each is charged its last checkpoint, else released, with the fault named; `record` writes its
    usage record in the same transaction. One transaction per hold: where `record` fails, that hold
    stays for the next sweep, and the others go on. For `grace_s` after the database's start nothing
    is swept, so that gateways that outlived it can settle first.
    """
    swept = []
    for (request_id,) in _rows(Query(_LAPSED, {"limit": limit, "grace_s": grace_s})):
        try:
            with transaction.atomic():
                if expired := _hold_expire(request_id):
                    record(expired)
                    swept.append(expired)
        except Exception:
            log.exception("hold %s could not be swept", request_id)
    return swept


def lots_expire() -> int:
    """Take expired credit out of the wallets, but for what holds may still need; how much it was.

    What is left behind goes at a later call, once its holds have ended.
    """
    wallets = Lot.objects.filter(remaining__gt=0, expires_at__lte=Now())
    return sum(_wallet_expire(pk) for pk in wallets.values_list("wallet_id", flat=True).distinct())


def price_set(
    *, sku: str, input: int, cached_input: int, output: int, valid_from: datetime | None = None
) -> PriceVersion:
    """A new price of a base model, in micro-USD per 1M tokens, from now or another instant on.

    A price that is on record already is returned as it is: the one in force, or with `valid_from`
    the one of that instant. PriceConflict for an instant that has another price, or has passed (a
    model's first price may begin in the past). Running requests keep the version they began with.
    """
    figures = {"input": input, "cached_input": cached_input, "output": output}
    if not sku or min(figures.values()) < 0 or max(figures.values()) > _PRICE_LIMIT:
        raise ValueError(f"not a price for {sku!r}: {figures}")
    with transaction.atomic():
        # One at a time per model: two callers would otherwise both find no price in force.
        _execute(Query("SELECT pg_advisory_xact_lock(hashtextextended(%(sku)s, 0))", {"sku": sku}))
        versions = PriceVersion.objects.filter(sku=sku)
        now = _now()
        if valid_from is None:
            found = versions.filter(valid_from__lte=now).order_by("-valid_from").first()
        else:
            found = versions.filter(valid_from=valid_from).first()
        if found and figures == {name: getattr(found, name) for name in figures}:
            return found
        if valid_from and (found or (valid_from < now and versions.exists())):
            raise PriceConflict(f"{sku} cannot change its price at {valid_from}")
        return PriceVersion.objects.create(sku=sku, valid_from=valid_from or now, **figures)


def _hold_expire(request_id: str) -> ExpiredHold | None:
    commands = [Expire(request_id)]
    decision: Decision = decide(commands, Books.of(*(_rows(q) for q in sql.locks(commands))))
    (result,) = decision.results
    if isinstance(result, Exception):
        raise result
    if result is None:
        return None  # settled, extended or renewed in the meantime
    for query in sql.writes(decision, lease_s=0):
        _execute(query)
    hold = Hold.objects.get(pk=request_id)
    counts: dict[str, int] = hold.checkpoint or dict.fromkeys(CHECKPOINT_KEYS, 0)
    return ExpiredHold(
        request_id=request_id,
        wallet_id=hold.wallet_id,
        price_version_id=hold.price_version_id,
        context=hold.context,
        fault=hold.fault,
        opened_at=hold.opened_at,
        **{key: counts[key] for key in CHECKPOINT_KEYS},
    )


def _wallet_expire(wallet_id: int) -> int:
    with transaction.atomic():
        ((_, _, reserved),) = _rows(sql.wallets_lock([wallet_id]))
        lots = [OpenLot(*row[1:]) for row in _rows(sql.lots_lock([wallet_id]))]
        remaining = {lot.id: lot.remaining for lot in lots}
        shares = expirable(lots, reserved, _now())
        if shares:
            postings = [
                ledger.expiry(wallet_id=wallet_id, share=share, remaining=remaining[share.lot_id])
                for share in shares
            ]
            _execute(ledger.post(postings))
    return sum(share.amount for share in shares)


def _rows(query: Query) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(*query)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _execute(query: Query) -> None:
    with connection.cursor() as cursor:
        cursor.execute(*query)


def _now() -> datetime:
    """The database's clock, which all leases and expiries go by."""
    now: datetime = _rows(Query("SELECT clock_timestamp()", {}))[0][0]
    return now


_PRICE_LIMIT = 10**12  # a million USD per 1M tokens

_LAPSED = """
SELECT request_id FROM billing_hold
WHERE state = 'held' AND lease_until < clock_timestamp()
  AND pg_postmaster_start_time() + make_interval(secs => %(grace_s)s::float8) < clock_timestamp()
ORDER BY lease_until LIMIT %(limit)s::bigint
"""
