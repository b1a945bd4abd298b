"""Choices that wait for a seat, by account and arrival."""

from bisect import insort
from collections.abc import Iterator
from itertools import chain

from motet_inference.engine.request import Choice


class WaitingLine:
    """Per account, in order of arrival: who was preempted stands before who came later."""

    def __init__(self) -> None:
        self._lines: dict[str, list[Choice]] = {}

    def __len__(self) -> int:
        return sum(len(line) for line in self._lines.values())

    @property
    def accounts(self) -> set[str]:
        return set(self._lines)

    @property
    def all(self) -> Iterator[Choice]:
        return chain.from_iterable(self._lines.values())

    def add(self, choice: Choice) -> None:
        choice.phase = "waiting"
        line = self._lines.setdefault(choice.request.account, [])
        insort(line, choice, key=lambda c: c.order)

    def remove(self, choice: Choice) -> None:
        account = choice.request.account
        self._lines[account].remove(choice)
        if not self._lines[account]:
            del self._lines[account]

    def of(self, account: str) -> list[Choice]:
        """A copy: the caller may remove while it looks."""
        return list(self._lines.get(account, ()))
