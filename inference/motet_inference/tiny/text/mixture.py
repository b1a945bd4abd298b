"""Mixture: how much of each kind of text the base learns from."""

from collections.abc import Iterator
from random import Random

from motet_inference.tiny.text import (
    arithmetic,
    conversation,
    copying,
    documents,
    facts,
    howto,
    lists,
    queries,
    reading,
    rewriting,
    shop,
    smalltalk,
    stories,
    tickets,
    unknown,
)
from motet_inference.tiny.text.chat import Chat
from motet_inference.tiny.text.holdout import Holdout

_WEIGHTS: dict[conversation.Maker, int] = {
    arithmetic.make: 9,
    conversation.make: 10,
    conversation.named: 1,
    copying.make: 9,
    facts.make: 10,
    howto.make: 5,
    lists.make: 4,
    queries.make: 6,
    reading.make: 10,
    rewriting.make: 5,
    shop.make: 10,
    smalltalk.make: 8,
    stories.make: 4,
    tickets.make: 8,
    unknown.make: 6,
}
_DOCUMENTS = 0.12
_SYSTEM = 0.15


def chat(rng: Random) -> Chat:
    """One conversation of any kind."""
    made = rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0](rng)
    return conversation.with_system(rng, made) if rng.random() < _SYSTEM else made


def stream(rng: Random, holdout: Holdout) -> Iterator[Chat | str]:
    """Endless conversations and documents, none of which touches what is held out."""
    while True:
        if rng.random() < _DOCUMENTS:
            document = documents.make(rng)
            if not holdout.near(document):
                yield document
            continue
        made = chat(rng)
        if all(holdout.allows(m.content) for m in made.messages if m.role == "user"):
            yield made
