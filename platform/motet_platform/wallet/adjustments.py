"""Credit given or taken by the operator's staff.

With MOTET_FOUR_EYES one of them asks and another posts.
"""

from __future__ import annotations

from typing import Literal

from django.db import transaction
from django.utils import timezone
from motet_billing.errors import InsufficientCredit, SourceConflict
from motet_billing.money import LIMIT, usd
from motet_billing.services import credit_grant, credit_take

from motet_platform.accounts.models import Account, User
from motet_platform.audit.services import audit
from motet_platform.config import get_config
from motet_platform.errors import InvalidRequest, NotFound, PermissionDenied
from motet_platform.wallet.models import Adjustment

LotKind = Literal["promo", "paid"]


def adjustment_ask(
    *,
    account: Account,
    amount: int,
    reason: str,
    by: User,
    lot_kind: LotKind = "promo",
    once: str | None = None,
) -> Adjustment:
    """Asks for an adjustment, in picodollars; where one pair of eyes is enough, posts it.

    Under a name in `once` an account gets one: asked for again, the first is returned.
    InvalidRequest for an amount that cannot be posted, a missing reason, or a name of another one.
    """
    if not amount or abs(amount) > LIMIT or not reason.strip():
        raise InvalidRequest("Give an amount other than zero that a wallet holds, and the reason.")
    values = {"amount": amount, "lot_kind": lot_kind, "reason": reason.strip(), "asked_by": by}
    with transaction.atomic():
        if once is None:
            asked, new = Adjustment.objects.create(account=account, **values), True
        else:
            asked, new = Adjustment.objects.get_or_create(
                account=account, once=once, defaults=values
            )
        if (asked.amount, asked.lot_kind) != (amount, lot_kind):
            raise InvalidRequest(f"{once!r} is the name of another adjustment.", param="once")
        if new and not get_config().four_eyes:
            _post(asked, by)
    return asked


def adjustment_decide(*, adjustment_id: int, by: User, approve: bool) -> Adjustment:
    """Posts or refuses a waiting adjustment, once.

    NotFound where none waits; PermissionDenied `four_eyes` for whoever asked; InvalidRequest.
    """
    with transaction.atomic():
        waiting = (
            Adjustment.objects.select_for_update(of=("self",))
            .select_related("account")
            .filter(pk=adjustment_id, state=Adjustment.State.WAITING)
            .first()
        )
        if waiting is None:
            raise NotFound("No such adjustment waits.", code="adjustment_not_found")
        if approve and get_config().four_eyes and waiting.asked_by_id == by.pk:
            raise PermissionDenied("Somebody else has to approve it.", code="four_eyes")
        if approve:
            _post(waiting, by)
        else:
            _decided(waiting, by, Adjustment.State.REFUSED)
    return waiting


def _post(adjustment: Adjustment, by: User) -> None:
    wallet_id = adjustment.account.wallet.pk
    # The command line grants under the same names.
    named = adjustment.once and f"operator:{adjustment.account_id}:{adjustment.once}"
    source_key = named or f"adjustment:{adjustment.pk}"
    kind: LotKind = "paid" if adjustment.lot_kind == "paid" else "promo"
    try:
        if adjustment.amount > 0:
            credit_grant(
                wallet_id=wallet_id,
                amount=adjustment.amount,
                kind=kind,
                source_key=source_key,
                memo=adjustment.reason,
                source="adjustment" if kind == "paid" else None,
            )
        else:
            credit_take(
                wallet_id=wallet_id,
                amount=-adjustment.amount,
                kind="adjustment",
                source_key=source_key,
                memo=adjustment.reason,
            )
    except InsufficientCredit as error:
        raise InvalidRequest(f"At most ${usd(error.available)} can be taken now.") from None
    except SourceConflict:
        raise InvalidRequest("This name has granted something else.", param="once") from None
    except ValueError as error:
        raise InvalidRequest(str(error)) from None
    _decided(adjustment, by, Adjustment.State.POSTED)
    audit(
        adjustment.account,
        "credit.grant" if adjustment.amount > 0 else "credit.take",
        adjustment.account.slug,
        after={"amount": usd(abs(adjustment.amount)), "reason": adjustment.reason},
    )


def _decided(adjustment: Adjustment, by: User, state: Adjustment.State) -> None:
    adjustment.state = state
    adjustment.decided_by, adjustment.decided_at = by, timezone.now()
    adjustment.save(update_fields=["state", "decided_by", "decided_at"])
