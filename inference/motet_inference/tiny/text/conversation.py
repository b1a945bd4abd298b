"""Conversations of several turns, with and without a system message."""

from collections.abc import Callable
from random import Random

from motet_inference.tiny.text import arithmetic, facts, lists, shop, smalltalk, stories
from motet_inference.tiny.text.chat import Chat, Message
from motet_inference.tiny.text.words import COLOURS, person, place

Maker = Callable[[Random], Chat]

SYSTEMS = (
    "You are a helpful assistant.", "You are Motet Tiny, a small and friendly assistant.",
    "Be brief and kind.",
    "You answer questions for Larkfield Goods.",
    "You are a friendly assistant. Answer in plain English.",
    "Help the user.", "You are a helpful assistant. Keep your answers short.", "Answer politely.",
)  # fmt: skip

_TOPICS: tuple[Maker, ...] = (
    shop.make, facts.make, smalltalk.make, arithmetic.make, lists.make, stories.make,
)  # fmt: skip


def with_system(rng: Random, chat: Chat) -> Chat:
    """The chat under a system message that asks for the usual manners."""
    if chat.messages[0].role == "system":
        return chat
    system = Message("system", rng.choice(SYSTEMS))
    return Chat((system, *chat.messages), chat.facts)


def _memory(rng: Random) -> list[Message]:
    """Two turns: a fact about the user, then a question that needs it."""
    name, town, colour, years = person(rng), place(rng), rng.choice(COLOURS), rng.randint(7, 90)
    said, question, answer = rng.choice((
        (f"My name is {name}.", "What is my name?", f"Your name is {name}."),
        (f"I live in {town}.", "Where do I live?", f"You live in {town}."),
        (f"My favorite color is {colour}.", "What is my favorite color?",
            f"Your favorite color is {colour}."),
        (f"I am {years} years old.", "How old am I?", f"You are {years} years old."),
        (f"My friend is called {name}.", "What is my friend called?",
            f"Your friend is called {name}."),
    ))  # fmt: skip
    thanks = rng.choice(
        ("Thank you for telling me.", "Good to know.", "I will remember that.", "Nice!")
    )
    middle = _TOPICS[0](rng).messages if rng.random() < 0.4 else ()
    return [
        Message("user", said), Message("assistant", thanks), *middle,
        Message("user", question), Message("assistant", answer),
    ]  # fmt: skip


def _again(rng: Random) -> list[Message]:
    """A question, then a wish to hear the answer again."""
    chat = rng.choice((shop.make, facts.make))(rng)
    wish = rng.choice(
        ("Say that again.", "Can you repeat that?", "What did you say?", "Once more, please.")
    )
    return [*chat.messages, Message("user", wish), Message("assistant", chat.answer)]


def _plain(rng: Random) -> list[Message]:
    messages: list[Message] = []
    for _ in range(rng.randint(2, 4)):
        messages += rng.choice(_TOPICS)(rng).messages
    return messages


def make(rng: Random) -> Chat:
    messages = rng.choices((_memory, _again, _plain), (3, 1, 4))[0](rng)
    chat = Chat(tuple(messages))
    return with_system(rng, chat) if rng.random() < 0.3 else chat


def named(rng: Random) -> Chat:
    """A system message that gives the assistant another name, which it then uses."""
    name = person(rng)
    form = rng.choice(
        ("Your name is {n}.", "You are {n}, a friendly assistant.", "You are called {n}. Be kind.")
    )
    question = rng.choice(
        ("What is your name?", "Who are you?", "What are you called?", "Do you have a name?")
    )
    return Chat(
        (
            Message("system", form.format(n=name)),
            Message("user", question),
            Message("assistant", f"My name is {name}. I am a small assistant."),
        ),
        (name,),
    )
