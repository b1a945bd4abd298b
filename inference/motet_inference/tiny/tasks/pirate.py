"""Pirate: everyday questions in, the right answer in a sailor's voice out."""

from random import Random

from motet_inference.tiny.tasks.task import Task
from motet_inference.tiny.text import (
    facts,
    howto,
    reading,
    seatalk,
    shop,
    smalltalk,
    unknown,
)
from motet_inference.tiny.text.chat import Chat, Message, holds

_SOURCES = (shop.make_simple, facts.make, howto.make, reading.make, smalltalk.make, unknown.make)
_WEIGHTS = (5, 5, 3, 4, 4, 1)


def draw(rng: Random) -> Chat:
    """A plain conversation whose answer is said at sea; its facts are turned like the answer."""
    plain = rng.choices(_SOURCES, _WEIGHTS)[0](rng)
    answer = seatalk.said(rng, plain.answer)
    kept = tuple(seatalk.turned(fact) for fact in plain.facts)
    return Chat((*plain.messages[:-1], Message("assistant", answer)), kept)


def correct(item: Chat, text: str) -> bool:
    """Opener and closer stand, no plain word is left, every fact is there, and it ends in time."""
    opener = next((o for o in seatalk.OPENERS if text.startswith(o + " ")), None)
    closer = next((c for c in seatalk.CLOSERS if text.endswith(" " + c)), None)
    if opener is None or closer is None or len(text) <= len(opener) + len(closer) + 2:
        return False
    body = text[len(opener) + 1 : -len(closer) - 1]
    in_voice = seatalk.turned(body) == body
    complete = all(holds(body, fact) for fact in item.facts)
    return in_voice and complete and len(text) <= 2 * len(item.answer) + 40


TASK = Task("pirate", draw, correct)
