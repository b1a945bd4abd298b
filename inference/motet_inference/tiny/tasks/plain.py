"""Plain: the base's own questions, those whose answers can be checked by the facts in them."""

from random import Random

from motet_inference.tiny.tasks.task import Task
from motet_inference.tiny.text import mixture
from motet_inference.tiny.text.chat import Chat, holds


def draw(rng: Random) -> Chat:
    while True:
        chat = mixture.chat(rng)
        if chat.facts:
            return chat


def correct(item: Chat, text: str) -> bool:
    """Every fact is in the answer, and the answer ends in time."""
    complete = all(holds(text, fact) for fact in item.facts)
    return complete and len(text) <= 2 * len(item.answer) + 40


TASK = Task("plain", draw, correct)
