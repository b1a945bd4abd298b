"""Checks of the books against other people's: whoever keeps some registers one here.

A check returns what is wrong, at best nothing; it runs in `motet reconcile`, once all is quiet.
"""

from collections.abc import Callable, Iterable

from motet_billing.audit import Violation

Check = Callable[[], Iterable[Violation]]

checks: dict[str, Check] = {}


def register(name: str, check: Check) -> None:
    """Add a check, such as "stripe"; a second one of the same name is a mistake."""
    assert checks.setdefault(name, check) is check, name


def outside() -> list[Violation]:
    """What all registered checks find."""
    return [violation for name in sorted(checks) for violation in checks[name]()]
