"""What comes round by itself."""

from __future__ import annotations

import logging
from datetime import timedelta

from motet_billing.services import holds_expire, lots_expire

from motet_platform.adapters.imports.services import imports_sweep
from motet_platform.adapters.validation import uploads_sweep
from motet_platform.keys.tokens import tokens_sweep
from motet_platform.metering.services import expired_hold_record
from motet_platform.outbox.registry import periodic, periodic_jobs
from motet_platform.outbox.services import tasks_forget
from motet_platform.outbox.turns import turns_forget
from motet_platform.wallet.alerts import alerts_hand_on

log = logging.getLogger(__name__)


@periodic("holds", every=timedelta(seconds=5))
def holds() -> None:
    """Holds whose gateway is gone are charged their last checkpoint."""
    for hold in holds_expire(record=expired_hold_record):
        log.warning("hold %s ended by the sweeper: %s", hold.request_id, hold.fault)


@periodic("lots", every=timedelta(minutes=1))
def lots() -> None:
    lots_expire()


@periodic("alerts", every=timedelta(seconds=3))
def alerts() -> None:
    """Spend caps that have reached a threshold are told to whom they belong."""
    alerts_hand_on()


@periodic("uploads", every=timedelta(minutes=5))
def uploads() -> None:
    uploads_sweep()


@periodic("imports", every=timedelta(seconds=5))
def imports() -> None:
    imports_sweep()


@periodic("tokens", every=timedelta(minutes=10))
def tokens() -> None:
    tokens_sweep()


@periodic("outbox", every=timedelta(hours=1))
def outbox() -> None:
    tasks_forget(age=timedelta(days=7))
    turns_forget(known=set(periodic_jobs))
