"""The statements around a decision: take the locks, write the changes.

They exist once. The services run them on Django's connection, the writer on its own. The order of
locks is wallets, holds, lots, each by id: transactions wait for each other, never in a circle.
Caps need no lock of their own: whoever changes one has locked its wallet.
"""

from collections.abc import Sequence

from motet_billing.caps import Alert, CapRow
from motet_billing.commands import Command, Expire, Open, Settle
from motet_billing.decide import Decision, HoldRow
from motet_billing.ledger import Query, post


def locks(commands: Sequence[Command], *, wait: bool = True) -> tuple[Query, Query, Query, Query]:
    """The rows that the commands may touch, locked: for `Books.of`.

    Without `wait`, a wallet or hold that somebody else has locked is left out instead.
    """
    requests = sorted({command.request_id for command in commands})
    ending = sorted({c.request_id for c in commands if isinstance(c, Settle | Expire)})
    subjects = {(c.wallet_id, c.subject) for c in commands if isinstance(c, Open)}
    opening = sorted({wallet for wallet, _ in subjects})
    return (
        wallets_lock(opening, requests, wait=wait),
        Query(_HOLDS if wait else _HOLDS + _SKIP, {"requests": requests}),
        lots_lock((), ending),
        Query(
            _CAPS,
            {
                "wallets": [wallet for wallet, _ in subjects],
                "subjects": [subject for _, subject in subjects],
                "requests": requests,
            },
        ),
    )


def wallets_lock(
    wallet_ids: Sequence[int], request_ids: Sequence[str] = (), *, wait: bool = True
) -> Query:
    """(id, posted, reserved) of these wallets and of those of these requests."""
    text = _WALLETS if wait else _WALLETS + _SKIP
    return Query(text, {"wallets": list(wallet_ids), "requests": list(request_ids)})


def lots_lock(wallet_ids: Sequence[int], request_ids: Sequence[str] = ()) -> Query:
    """(wallet, id, kind, remaining, expiry) of their lots that still have credit."""
    return Query(_LOTS, {"wallets": list(wallet_ids), "requests": list(request_ids)})


def writes(decision: Decision, *, lease_s: float) -> list[Query]:
    """What brings the tables to where the decision left the books."""
    queries = []
    if decision.opened:
        queries.append(_hold_open(list(decision.opened.values()), lease_s))
    if decision.changed:
        queries.append(_hold_change(list(decision.changed.values()), lease_s))
    # Reservations first: posted credit then never falls below what is reserved.
    if moved := {wallet: amount for wallet, amount in decision.reserved.items() if amount}:
        params = {"wallets": list(moved), "amounts": list(moved.values())}
        queries.append(Query(_WALLET_RESERVE, params))
    if decision.postings:
        queries.append(post(decision.postings))
    if decision.caps:
        queries.append(cap_change(list(decision.caps.values())))
    if decision.alerts:
        queries.append(_alert(decision.alerts))
    return queries


def cap_change(caps: Sequence[CapRow]) -> Query:
    """Bring caps to where they were left; the caller holds the locks of their wallets."""
    return Query(
        _CAP_CHANGE,
        {
            "ids": [cap.id for cap in caps],
            "starts": [cap.window_start for cap in caps],
            "spent": [cap.spent for cap in caps],
            "reserved": [cap.reserved for cap in caps],
            "alerted": [cap.alerted for cap in caps],
        },
    )


def renew(request_ids: Sequence[str], *, lease_s: float) -> Query:
    """New leases, by the database's clock. A row that is locked is being changed: left alone."""
    return Query(_RENEW, {"requests": list(request_ids), "lease_s": lease_s})


def _alert(alerts: Sequence[Alert]) -> Query:
    return Query(
        _ALERT,
        {
            "caps": [alert.cap_id for alert in alerts],
            "starts": [alert.window_start for alert in alerts],
            "limits": [alert.limit for alert in alerts],
            "spent": [alert.spent for alert in alerts],
            "percents": [alert.percent for alert in alerts],
        },
    )


def _hold_columns(holds: list[HoldRow], lease_s: float) -> dict[str, object]:
    return {
        "requests": [hold.request_id for hold in holds],
        "amounts": [hold.amount for hold in holds],
        "captured": [hold.captured for hold in holds],
        "states": [hold.state for hold in holds],
        "checkpoints": [hold.checkpoint for hold in holds],
        "faults": [hold.fault for hold in holds],
        "lease_s": lease_s,
    }


def _hold_open(holds: list[HoldRow], lease_s: float) -> Query:
    new = {
        "wallets": [hold.wallet_id for hold in holds],
        "prices": [hold.price_version_id for hold in holds],
        "owners": [hold.owner for hold in holds],
        "subjects": [hold.subject for hold in holds],
        "contexts": [hold.context for hold in holds],
    }
    return Query(_HOLD_OPEN, _hold_columns(holds, lease_s) | new)


def _hold_change(holds: list[HoldRow], lease_s: float) -> Query:
    return Query(_HOLD_CHANGE, _hold_columns(holds, lease_s))


_SKIP = " SKIP LOCKED"

# NO KEY UPDATE: who only refers to a wallet, by a foreign key, need not wait.
_WALLETS = """
SELECT id, posted, reserved FROM billing_wallet
WHERE id = ANY (ARRAY(
    SELECT unnest(%(wallets)s::bigint[])
    UNION SELECT wallet_id FROM billing_hold WHERE request_id = ANY (%(requests)s::text[])
))
ORDER BY id FOR NO KEY UPDATE"""

_HOLDS = """
SELECT request_id, wallet_id, price_version_id, owner, amount, captured, state,
       coalesce((checkpoint->>'cost')::bigint, 0), fault, lease_until < clock_timestamp(), subject
FROM billing_hold WHERE request_id = ANY (%(requests)s::text[])
ORDER BY request_id FOR NO KEY UPDATE"""

_LOTS = """
SELECT wallet_id, id, kind, remaining, expires_at FROM billing_lot
WHERE remaining > 0 AND wallet_id = ANY (ARRAY(
    SELECT unnest(%(wallets)s::bigint[])
    UNION SELECT wallet_id FROM billing_hold WHERE request_id = ANY (%(requests)s::text[])
))
ORDER BY id FOR NO KEY UPDATE
"""

_HOLD_OPEN = """
INSERT INTO billing_hold (
    request_id, wallet_id, price_version_id, owner, subject, context,
    amount, captured, state, checkpoint, fault, lease_until, closed_at
)
SELECT request_id, wallet_id, price_version_id, owner, subject, context,
       amount, captured, state, checkpoint, fault,
       clock_timestamp() + make_interval(secs => %(lease_s)s::float8),
       CASE WHEN state <> 'held' THEN clock_timestamp() END
FROM unnest(
    %(requests)s::text[], %(wallets)s::bigint[], %(prices)s::bigint[], %(owners)s::text[],
    %(subjects)s::text[], %(contexts)s::jsonb[], %(amounts)s::bigint[], %(captured)s::bigint[],
    %(states)s::text[], %(checkpoints)s::jsonb[], %(faults)s::text[]
) AS new (
    request_id, wallet_id, price_version_id, owner, subject, context,
    amount, captured, state, checkpoint, fault
)
"""

_HOLD_CHANGE = """
UPDATE billing_hold AS hold SET
    amount = new.amount, captured = new.captured, state = new.state, fault = new.fault,
    checkpoint = coalesce(new.checkpoint, hold.checkpoint),
    lease_until = CASE WHEN new.state = 'held'
        THEN clock_timestamp() + make_interval(secs => %(lease_s)s::float8)
        ELSE hold.lease_until END,
    closed_at = CASE WHEN new.state <> 'held' THEN clock_timestamp() END
FROM unnest(
    %(requests)s::text[], %(amounts)s::bigint[], %(captured)s::bigint[], %(states)s::text[],
    %(checkpoints)s::jsonb[], %(faults)s::text[]
) AS new (request_id, amount, captured, state, checkpoint, fault)
WHERE hold.request_id = new.request_id
"""

_WALLET_RESERVE = """
UPDATE billing_wallet SET reserved = reserved + moved.amount
FROM unnest(%(wallets)s::bigint[], %(amounts)s::bigint[]) AS moved (id, amount)
WHERE billing_wallet.id = moved.id
"""

_RENEW = """
UPDATE billing_hold
SET lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s::float8)
WHERE request_id IN (
    SELECT request_id FROM billing_hold
    WHERE request_id = ANY (%(requests)s::text[]) AND state = 'held'
    FOR NO KEY UPDATE SKIP LOCKED
)
"""

# Read after the wallets are locked, so that nobody changes them meanwhile.
_CAPS = """
SELECT clock_timestamp(), id, wallet_id, subject, "limit", period, window_start, spent, reserved,
       alerted
FROM billing_cap WHERE id IN (
    SELECT cap.id FROM billing_cap cap JOIN (
        SELECT * FROM unnest(%(wallets)s::bigint[], %(subjects)s::text[])
        UNION SELECT wallet_id, subject FROM billing_hold
            WHERE request_id = ANY (%(requests)s::text[])
    ) AS asked (wallet_id, subject)
    ON cap.wallet_id = asked.wallet_id AND cap.subject IN ('', asked.subject)
)
"""

_CAP_CHANGE = """
UPDATE billing_cap SET window_start = new.window_start, spent = new.spent,
    reserved = new.reserved, alerted = new.alerted
FROM unnest(
    %(ids)s::bigint[], %(starts)s::timestamptz[], %(spent)s::bigint[], %(reserved)s::bigint[],
    %(alerted)s::bigint[]
) AS new (id, window_start, spent, reserved, alerted)
WHERE billing_cap.id = new.id
"""

_ALERT = """
INSERT INTO billing_capalert (cap_id, window_start, "limit", spent, percent)
SELECT * FROM unnest(
    %(caps)s::bigint[], %(starts)s::timestamptz[], %(limits)s::bigint[], %(spent)s::bigint[],
    %(percents)s::bigint[]
)
ON CONFLICT DO NOTHING
"""
