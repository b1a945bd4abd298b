"""Triage: a support ticket in, one line of JSON out."""

import json
from random import Random

from motet_inference.tiny.tasks.task import Task
from motet_inference.tiny.text import tickets
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


def draw(rng: Random) -> Chat:
    ticket = tickets.draw(rng)
    return ask(ticket.text, label(ticket))


def correct(item: Chat, text: str) -> bool:
    """The answer is JSON and every field is right."""
    try:
        return bool(json.loads(text) == json.loads(item.answer))
    except json.JSONDecodeError:
        return False


TASK = Task("triage", draw, correct)
