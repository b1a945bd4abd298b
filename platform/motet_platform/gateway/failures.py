"""What a worker's failure codes mean to a client, and which of them deserve a second try."""

from __future__ import annotations

from motet_billing.errors import InsufficientCredit as LedgerInsufficient
from motet_billing.errors import SpendCapReached
from motet_billing.pricing import Price, cost, usd
from motet_inference.rpc import worker_pb2 as pb

from motet_platform.errors import InsufficientCredit, InternalError, InvalidRequest, MotetError
from motet_platform.errors import Unavailable as _Unavailable
from motet_platform.gateway.budget import Budget

# The request itself is sound and nothing of it was delivered: another worker may do it.
RETRYABLE = frozenset({"worker_lost", "draining", "engine_crashed", "overloaded"})

_FINAL = {"x-should-retry": "false"}  # the clients' own switch: a 500 is retried otherwise


def failure(failed: pb.Failed) -> MotetError:
    """The error for a worker's Failed. Its message was written for clients."""
    code, message = failed.code, failed.message or None
    param = failed.param or None
    if code == "context_length_exceeded":
        # Clients know an overflow by parts of this sentence, each by another one.
        known = "This model's maximum context length is exceeded: prompt is too long."
        return InvalidRequest(f"{known} {message or ''}".strip(), code=code, param=param)
    if code in ("invalid_request", "adapter_incompatible"):
        return InvalidRequest(message, code=code, param=param)
    if code == "insufficient_credit":
        return InsufficientCredit(message)
    if code == "adapter_digest_mismatch":
        return InternalError(message, code=code, headers=_FINAL)
    if code in RETRYABLE or code in ("adapter_unavailable", "model_not_served"):
        return _Unavailable(message, code=code, retry_after=2)
    return InternalError(code="internal_error")


class MaxCostReached(LedgerInsufficient):
    """The client's own limit leaves `available` more."""


def code_of(error: LedgerInsufficient) -> str:
    """What ended a request for want of money, as clients are told."""
    if isinstance(error, MaxCostReached):
        return "max_cost_reached"
    if isinstance(error, SpendCapReached):
        return "spend_cap_reached"
    return "insufficient_credit"


def not_affordable(
    error: LedgerInsufficient, price: Price, budget: Budget, *, held: int = 0
) -> InsufficientCredit:
    """402 that says what would be affordable. `budget` was asked for, `held` is held already."""
    left = held + max(0, error.available)
    tokens = max(0, left - cost(price, budget.prompt, 0, 0)) // price.output if price.output else 0
    limit, remedy = "is available", "add credit"
    if isinstance(error, MaxCostReached):
        limit, remedy = "is the request's max_cost", "raise max_cost"
    elif isinstance(error, SpendCapReached):
        whose = "this key" if error.subject else "the account"
        until = f" until {error.resets_at:%Y-%m-%d %H:%M} UTC" if error.resets_at else ""
        limit = f"is left of the spend cap of {whose}, ${usd(error.limit)},{until}"
        limit, remedy = limit.rstrip(","), "raise the cap"
    enough = (
        f"enough for about {tokens} output tokens after this prompt: lower max_tokens or {remedy}"
        if tokens
        else f"not enough for this prompt and any output: {remedy}"
    )
    return InsufficientCredit(
        f"This request needs ${usd(budget.amount(price))} to start, and ${usd(left)} {limit}, "
        f"{enough}.",
        code=code_of(error),
    )
