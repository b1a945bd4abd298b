"""Who is served next: a virtual token counter per account."""

from collections.abc import Iterable
from dataclasses import dataclass

# An output token takes a pass over all weights, a prompt token a share of one.
PROMPT_COST = 1
OUTPUT_COST = 2


@dataclass
class _Account:
    served: float = 0.0
    weight: int = 1
    requests: int = 0
    charged_at: int = 0  # of its service; 0 for who just came


class TokenCounters:
    """Service received by each account, divided by its weight; the least served is next.

    An account that comes back is lifted to the least served one that is active, so that nobody
    saves up service by being away.
    Source: Sheng et al., "Fairness in Serving Large Language Models" (2024), algorithm 2.
    """

    def __init__(self) -> None:
        self._accounts: dict[str, _Account] = {}
        self._charges = 0

    def enter(self, account: str, weight: int) -> None:
        """A request of the account arrived; its weight is the account's from now on."""
        entry = self._accounts.setdefault(account, _Account())
        if entry.requests == 0:
            active = [a.served for a in self._accounts.values() if a.requests]
            entry.served = max([entry.served, *([min(active)] if active else [])])
            entry.charged_at = 0
        entry.requests += 1
        entry.weight = weight

    def leave(self, account: str) -> None:
        """A request of the account is over."""
        entry = self._accounts[account]
        entry.requests -= 1
        assert entry.requests >= 0, f"account {account} left twice"
        active = [a.served for a in self._accounts.values() if a.requests]
        if entry.requests == 0:
            # Who is behind the least served would be lifted on return: nothing to remember.
            floor = min(active, default=float("inf"))
            self._accounts = {
                name: a for name, a in self._accounts.items() if a.requests or a.served > floor
            }

    def charge(self, account: str, *, prompt: int, output: int) -> None:
        """Count tokens that are put into a step."""
        entry = self._accounts[account]
        self._charges += 1
        entry.charged_at = self._charges
        entry.served += (PROMPT_COST * prompt + OUTPUT_COST * output) / entry.weight

    def least(self, accounts: Iterable[str]) -> str:
        """The least served of these active accounts; of equals, who was not served for longest."""

        def rank(name: str) -> tuple[float, int, str]:
            entry = self._accounts[name]
            return entry.served, entry.charged_at, name

        return min(accounts, key=rank)

    def shares(self, total: int, accounts: Iterable[str]) -> dict[str, int]:
        """Of `total`, what is due to each of these active accounts by its weight; at least 1."""
        weights = {account: self._accounts[account].weight for account in accounts}
        whole = sum(weights.values())
        return {account: max(1, total * weight // whole) for account, weight in weights.items()}

    def served(self, account: str) -> float:
        """Weighted tokens of an active account."""
        return self._accounts[account].served
