"""Who gives way when there is no room, so that nobody is kept out by who has beyond its share."""

from collections import Counter
from collections.abc import Callable, Sequence

from motet_inference.engine.fairness import TokenCounters
from motet_inference.engine.request import Choice


def claimed(
    running: Sequence[Choice],
    waiting: Sequence[Choice],
    counters: TokenCounters,
    *,
    total: int,
    size: Callable[[Choice], int],
) -> Choice | None:
    """The running choice that has to leave, so that one that waits may run; None for none.

    A waiting choice has a claim if its account, with it, stays within its share of `total`, and was
    served no more than the account that has most beyond its own share. Of that one the latest
    arrival goes. Nothing goes to and fro: who gave way is above its share with what it would claim
    back.

    Args:
        running: in order of arrival.
        waiting: the first in line of each account.
        total: what there is to share: seats or blocks.
        size: what of it a choice takes.
    """
    held: Counter[str] = Counter()
    for choice in running:
        held[choice.request.account] += size(choice)
    if not held:
        return None
    due = counters.shares(total, {*held, *(choice.request.account for choice in waiting)})
    richest = max(held, key=lambda account: (held[account] - due[account], account))
    if held[richest] <= due[richest]:
        return None
    served = counters.served(richest)
    for choice in waiting:
        account = choice.request.account
        fits = held[account] + size(choice) <= due[account]
        if fits and counters.served(account) <= served:
            return next(c for c in reversed(running) if c.request.account == richest)
    return None
