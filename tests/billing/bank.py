"""A bank with real tables: accounts with credit, one price, and what a gateway would send."""

import itertools
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from motet_billing.models import Hold, PriceVersion, Wallet
from motet_billing.services import ExpiredHold, credit_grant, holds_expire, wallet_open
from motet_platform.accounts.models import Account
from motet_platform.metering.models import UsageRecord
from motet_platform.metering.sink import UsageRow

_numbers = itertools.count(1)


@dataclass
class Bank:
    """Amounts are picodollars; a token costs one."""

    price: PriceVersion
    swept: list[ExpiredHold] = field(default_factory=list)

    def wallet(self, credit: int = 0, *, kind: str = "paid") -> Wallet:
        number = next(_numbers)
        account = Account.objects.create(slug=f"acme-{number}", name="Acme")
        wallet = wallet_open(account_id=account.pk)
        if credit:
            self.grant(wallet, credit, kind=kind)
        wallet.refresh_from_db()
        return wallet

    def grant(
        self,
        wallet: Wallet,
        amount: int,
        *,
        kind: Any = "paid",
        key: str | None = None,
        expires_at: datetime | None = None,
    ) -> Any:
        return credit_grant(
            wallet_id=wallet.pk,
            amount=amount,
            kind=kind,
            source_key=key or f"test:{next(_numbers)}",
            expires_at=expires_at,
        )

    def opening(self, wallet: Wallet, request_id: str, amount: int) -> dict[str, Any]:
        return {
            "request_id": request_id,
            "wallet_id": wallet.pk,
            "amount": amount,
            "price_version_id": self.price.pk,
            "context": self.context(wallet),
        }

    def settling(self, wallet: Wallet, request_id: str, cost: int) -> dict[str, Any]:
        return {
            "request_id": request_id,
            "cost": cost,
            "usage": self.usage(wallet, request_id, cost),
        }

    def checkpoint(self, cost: int) -> dict[str, int]:
        return {"prompt_tokens": 0, "cached_tokens": 0, "completion_tokens": cost, "cost": cost}

    def context(self, wallet: Wallet) -> dict[str, Any]:
        return {
            "account_id": wallet.account_id,
            "key_id": None,
            "model": "motet-tiny",
            "base": "motet-tiny",
            "version_id": None,
            "digest": "",
            "endpoint": "chat.completions",
            "streamed": True,
        }

    def usage(self, wallet: Wallet, request_id: str, cost: int) -> UsageRow:
        return UsageRow(
            request_id=request_id,
            status=200,
            finish_reason="stop",
            prompt_tokens=0,
            cached_tokens=0,
            completion_tokens=cost,
            price_version_id=self.price.pk,
            cost=cost,
            **self.context(wallet),
        )

    def record(self, hold: ExpiredHold) -> None:
        """What the platform does with a swept hold."""
        self.swept.append(hold)
        UsageRecord.objects.create(
            request_id=hold.request_id,
            status=500,
            prompt_tokens=hold.prompt_tokens,
            cached_tokens=hold.cached_tokens,
            completion_tokens=hold.completion_tokens,
            price_version_id=hold.price_version_id,
            cost=hold.cost,
            fault=hold.fault,
            **hold.context,
        )

    def clear(self) -> None:
        """Start over, but for the price."""
        self.swept.clear()
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE accounts_account CASCADE")

    def lapse(self, *request_ids: str) -> None:
        """As if the owner of these holds were long gone."""
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE billing_hold SET lease_until = now() - interval '1 minute' "
                "WHERE request_id = ANY (%s) AND state = 'held'",
                [list(request_ids)],
            )

    def sweep(self) -> list[ExpiredHold]:
        return holds_expire(record=self.record, grace_s=0)

    def money(self, wallet: Wallet) -> tuple[int, int]:
        wallet.refresh_from_db()
        return wallet.posted, wallet.reserved

    def hold(self, request_id: str) -> Hold:
        return Hold.objects.get(pk=request_id)
