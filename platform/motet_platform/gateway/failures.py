"""What a worker's failure codes mean to a client, and which of them deserve a second try."""

from __future__ import annotations

from motet_billing.errors import InsufficientCredit as LedgerInsufficient
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


def not_affordable(error: LedgerInsufficient, price: Price, budget: Budget) -> InsufficientCredit:
    """402 that says what the credit would be enough for. `error` is of a hold for all of it."""
    left = max(0, error.available)
    prompt = cost(price, budget.prompt, 0, 0)
    tokens = max(0, left - prompt) // price.output if price.output else 0
    enough = (
        f"enough for about {tokens} output tokens after this prompt: lower max_tokens or add credit"
        if tokens
        else "not enough for this prompt and any output: add credit"
    )
    return InsufficientCredit(
        f"This request needs ${usd(error.needed)} of credit to start, and ${usd(left)} is "
        f"available, {enough}."
    )
