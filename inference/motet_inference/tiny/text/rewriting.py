"""Rewriting: the same sentence, more polite, shorter, in the past, or turned around."""

from random import Random

from motet_inference.tiny.text.chat import Chat, ask
from motet_inference.tiny.text.words import COLOURS, THINGS, person, place

_VERBS = {"buys": "bought", "sells": "sold", "finds": "found", "paints": "painted",
    "carries": "carried",
          "brings": "brought", "makes": "made", "loses": "lost", "counts": "counted",
          "needs": "needed"}  # fmt: skip
_WHEN = ("in the morning", "at noon", "on Monday", "after lunch", "in the garden", "at the market",
         "in the kitchen", "near the river", "every day", "with a friend")  # fmt: skip
_ORDERS = ("send me the report", "close the door", "call me back", "answer my question",
    "wait here",
           "open the window", "fix this", "check the bill", "bring the box", "read my letter",
           "move the table", "change the date", "clean the room", "write a note")  # fmt: skip


def _past(rng: Random) -> Chat:
    verb = rng.choice(list(_VERBS))
    rest = f"{rng.choice(COLOURS)} {rng.choice(THINGS)} {rng.choice(_WHEN)}."
    name = person(rng)
    form = rng.choice(
        ("Put this in the past: {s}", "Rewrite in the past tense: {s}", "Make it past tense: {s}")
    )
    answer = f"{name} {_VERBS[verb]} {rest}"
    return ask(form.format(s=f"{name} {verb} {rest}"), answer, answer)


def _polite(rng: Random) -> Chat:
    order = rng.choice(_ORDERS)
    tail = rng.choice(("", " now", " today", " at once", " before noon"))
    form = rng.choice(
        ("Make this polite: {s}", "Say this in a polite way: {s}", "Rewrite this politely: {s}")
    )
    answer = f"Could you please {order}{tail}?"
    said = f"{order[0].upper()}{order[1:]}{tail}!"
    return ask(form.format(s=said), answer, answer)


def _shorter(rng: Random) -> Chat:
    name, town, thing = person(rng), place(rng), rng.choice(THINGS)
    long = (
        f"There is a person called {name} who lives in the town of {town} and who likes "
        f"{thing} more than anything else in the world."
    )
    form = rng.choice(
        ("Make this shorter: {s}", "Shorten this: {s}", "Sum this up: {s}", "Summarize: {s}")
    )
    answer = f"{name} from {town} loves {thing}."
    return ask(form.format(s=long), answer, answer)


def _negative(rng: Random) -> Chat:
    thing, colour = rng.choice(THINGS), rng.choice(COLOURS)
    when = rng.choice(("today", "in this shop", "in the box", "on the table"))
    form = rng.choice(
        (
            "Make this negative: {s}",
            "Say the opposite: {s}",
            "Turn this into a negative sentence: {s}",
        )
    )
    answer = f"The {thing} {when} are not {colour}."
    return ask(form.format(s=f"The {thing} {when} are {colour}."), answer, answer)


def _question(rng: Random) -> Chat:
    name, town = person(rng), place(rng)
    state = rng.choice(
        ("happy", "at home", "late", "ready", "in " + town, "from " + town, "a baker", "tired")
    )
    form = rng.choice(("Turn this into a question: {s}", "Make a question from this: {s}"))
    return ask(form.format(s=f"{name} is {state}."), f"Is {name} {state}?", f"Is {name} {state}?")


def make(rng: Random) -> Chat:
    return rng.choice((_past, _polite, _shorter, _negative, _question))(rng)
