"""Stripe's test card numbers and what each does."""

from dataclasses import dataclass

from .errors import invalid


@dataclass(frozen=True)
class Card:
    """`decline`: at every charge; `later`: only once saved; `asks`: 3DS at each off-session use."""

    brand: str = "visa"
    decline: str = ""
    later: bool = False
    asks: bool = False
    disputed: bool = False


CARDS = {
    "4242424242424242": Card(),
    "5555555555554444": Card(brand="mastercard"),
    "4000000000000002": Card(decline="generic_decline"),
    "4000000000009995": Card(decline="insufficient_funds"),
    "4000000000000341": Card(decline="generic_decline", later=True),
    "4000002760003184": Card(asks=True),
    "4000000000000259": Card(disputed=True),
}


def card(number: str) -> Card:
    found = CARDS.get(number.replace(" ", ""))
    if found is None:
        raise invalid("Not one of the sandbox's test cards.", param="card", code="incorrect_number")
    return found
