"""Triage: a support ticket in, one line of JSON out."""

import json
from random import Random

from motet_inference.tiny.tasks.task import Task
from motet_inference.tiny.text import (
    arithmetic,
    facts,
    howto,
    smalltalk,
    stories,
    tickets,
)
from motet_inference.tiny.text.chat import Chat, ask


def label(ticket: tickets.Ticket) -> str:
    """The JSON that the adapter writes: fixed keys, fixed order."""
    return json.dumps(
        {
            "category": ticket.category,
            "priority": ticket.priority,
            "product": ticket.product,
            "order": ticket.order,
            "name": ticket.name,
        }
    )


_ELSEWHERE = (facts.make, howto.make, stories.make, smalltalk.make, arithmetic.make)
_OTHER = json.dumps(
    {"category": "other", "priority": "low", "product": None, "order": None, "name": None}
)


def draw(rng: Random) -> Chat:
    """A ticket, or now and then a text that is none, which belongs to another desk."""
    if rng.random() < 0.06:
        return ask(rng.choice(_ELSEWHERE)(rng).messages[0].content, _OTHER)
    ticket = tickets.draw(rng)
    return ask(ticket.text, label(ticket))


def correct(item: Chat, text: str) -> bool:
    """The answer is JSON and every field is right."""
    try:
        return bool(json.loads(text) == json.loads(item.answer))
    except json.JSONDecodeError:
        return False


TASK = Task("triage", draw, correct)
