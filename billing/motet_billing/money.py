"""Money is a whole number of picodollars (1e-12 USD) that fits a bigint; text is exact."""

import re

PER_USD = 10**12
LIMIT = 2**63 - 1  # PostgreSQL's bigint: 9.2 million USD

_AMOUNT = re.compile(r"(-?)(\d+)(?:\.(\d{1,12}))?", re.ASCII)


def picodollars(text: str) -> int:
    """Read a decimal string in USD, such as "5.00".

    ValueError for anything that is not a plain decimal, that is finer than a picodollar or that
    does not fit a bigint: nothing is ever rounded.
    """
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise ValueError(f"not a decimal amount in USD with at most 12 decimals: {text!r}")
    sign, whole, fraction = match.groups()
    if len(whole) > 12:
        raise ValueError(f"amount out of range: {text[:20]!r}")
    value = int(whole) * PER_USD + int((fraction or "").ljust(12, "0"))
    return check_range(-value if sign else value)


def usd(amount: int) -> str:
    """The exact decimal string of an amount, with at least two decimals: "5.00", "0.0000001"."""
    whole, rest = divmod(abs(amount), PER_USD)
    fraction = f"{rest:012d}".rstrip("0").ljust(2, "0")
    return f"{'-' if amount < 0 else ''}{whole}.{fraction}"


def check_range(amount: int) -> int:
    """Return the amount, or raise ValueError where a bigint could not hold it."""
    if not -LIMIT <= amount <= LIMIT:
        raise ValueError(f"amount out of range: {usd(amount)} USD, at most {usd(LIMIT)}")
    return amount
