"""Reading: a few sentences, then a question whose answer stands in them."""

from collections.abc import Callable
from random import Random

from motet_inference.tiny.text.chat import Chat, ask
from motet_inference.tiny.text.words import COLOURS, THINGS, invented, listed, person, place


def _people(rng: Random, count: int) -> list[str]:
    names: list[str] = []
    while len(names) < count:
        name = person(rng)
        if name not in names:
            names.append(name)
    return names


def _homes(rng: Random) -> Chat:
    names = _people(rng, rng.randint(2, 4))
    homes = [place(rng) for _ in names]
    verb = rng.choice(("lives in", "works in", "was born in", "is going to"))
    context = " ".join(f"{n} {verb} {h}." for n, h in zip(names, homes, strict=True))
    name, home = rng.choice(list(zip(names, homes, strict=True)))
    where = {
        "lives in": f"Where does {name} live?",
        "works in": f"Where does {name} work?",
        "was born in": f"Where was {name} born?",
        "is going to": f"Where is {name} going?",
    }[verb]
    return ask(f"{context} {where}", f"{name} {verb} {home}.", home)


def _owners(rng: Random) -> Chat:
    names = _people(rng, rng.randint(2, 4))
    things = rng.sample(THINGS, len(names))
    counts = [rng.randint(2, 99) for _ in names]
    context = " ".join(f"{n} has {c} {t}." for n, c, t in zip(names, counts, things, strict=True))
    i = rng.randrange(len(names))
    full = f"{names[i]} has {counts[i]} {things[i]}."
    question, fact = rng.choice(
        (
            (f"Who has {things[i]}?", names[i]),
            (f"How many {things[i]} does {names[i]} have?", str(counts[i])),
            (f"What does {names[i]} have?", things[i]),
        )
    )
    return ask(f"{context} {question}", full, fact)


def _codes(rng: Random) -> Chat:
    label = rng.choice(("code", "order", "ticket", "room", "locker", "invoice"))
    names = _people(rng, rng.randint(2, 3))
    codes = [code(rng) for _ in names]
    context = " ".join(f"The {label} of {n} is {c}." for n, c in zip(names, codes, strict=True))
    i = rng.randrange(len(names))
    question = rng.choice(
        (f"What is the {label} of {names[i]}?", f"Give me the {label} of {names[i]}.")
    )
    return ask(f"{context} {question}", f"The {label} of {names[i]} is {codes[i]}.", codes[i])


def _colours(rng: Random) -> Chat:
    things = rng.sample(THINGS, rng.randint(2, 4))
    colours = [rng.choice(COLOURS) for _ in things]
    context = " ".join(f"The {t} are {c}." for t, c in zip(things, colours, strict=True))
    i = rng.randrange(len(things))
    question = rng.choice(
        (f"What color are the {things[i]}?", f"Which color do the {things[i]} have?")
    )
    return ask(f"{context} {question}", f"The {things[i]} are {colours[i]}.", colours[i])


def _who(rng: Random) -> Chat:
    names = _people(rng, rng.randint(2, 4))
    day = rng.choice(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"))
    context = f"{listed(names)} meet on {day} in {place(rng)}."
    question = rng.choice(("Who meets?", "Who is in the text?", "When do they meet?"))
    if question.startswith("When"):
        return ask(f"Read this: {context} {question}", f"They meet on {day}.", day)
    return ask(f"Read this: {context} {question}", f"The people are {listed(names)}.", names[-1])


def _meaning(rng: Random) -> Chat:
    word, thing, colour = invented(rng), rng.choice(THINGS), rng.choice(COLOURS)
    context = f"In my town, {colour} {thing} are called {word}."
    question = rng.choice((f"What does {word} mean?", f"What are {word}?"))
    return ask(f"{context} {question}", f"{word} are {colour} {thing}.", word, thing)


def code(rng: Random) -> str:
    """An order number or the like: letters, a dash, digits."""
    letters = "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(rng.randint(1, 2)))
    return f"{letters}-{rng.randint(100, 99999)}"


_KINDS: tuple[Callable[[Random], Chat], ...] = (
    _homes, _owners, _codes, _colours, _who, _meaning,
)  # fmt: skip


def make(rng: Random) -> Chat:
    return rng.choice(_KINDS)(rng)
