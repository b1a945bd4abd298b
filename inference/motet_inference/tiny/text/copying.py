"""Copying: repeat, pick, order and spell, over words that no list holds."""

from random import Random

from motet_inference.tiny.text import facts, lists, shop
from motet_inference.tiny.text.chat import Chat, ask
from motet_inference.tiny.text.reading import code
from motet_inference.tiny.text.words import CITIES, COLOURS, NAMES, THINGS, invented, listed

_ORDINALS = ("first", "second", "third", "fourth", "fifth")


def _word(rng: Random) -> str:
    roll = rng.random()
    if roll < 0.35:
        return invented(rng, rng.choice((1, 2, 2, 3)))
    if roll < 0.5:
        return code(rng)
    if roll < 0.6:
        return str(rng.randint(0, 99999))
    return rng.choice(rng.choice((THINGS, NAMES, CITIES, COLOURS)))


def _words(rng: Random, low: int, high: int) -> list[str]:
    words: list[str] = []
    while len(words) < low or (len(words) < high and rng.random() < 0.7):
        word = _word(rng)
        if word not in words:
            words.append(word)
    return words


def _repeat(rng: Random) -> Chat:
    text = " ".join(_words(rng, 1, 10))
    if rng.random() < 0.35:
        text = (
            rng.choice((facts.make, shop.make, lists.make))(rng).messages[rng.randrange(2)].content
        )
    form = rng.choice(("Repeat after me: {t}", "Say this: {t}", "Please repeat: {t}",
        "Copy this text: {t}",
                       "Echo: {t}", "Write down: {t}", "Say {t}"))  # fmt: skip
    return ask(form.format(t=text), text, text)


def _pick(rng: Random) -> Chat:
    words = _words(rng, 3, 5)
    i = rng.randrange(len(words) + 1)
    position = "last" if i == len(words) else _ORDINALS[i]
    word = words[-1] if i == len(words) else words[i]
    form = rng.choice(("What is the {p} word in: {t}?", "Give me the {p} word of: {t}.",
                       "Which word comes {p} here: {t}?"))  # fmt: skip
    return ask(form.format(p=position, t=", ".join(words)), f"The {position} word is {word}.", word)


def _reverse(rng: Random) -> Chat:
    words = _words(rng, 2, 5)
    form = rng.choice(
        ("Reverse the order: {t}", "Write these words backwards: {t}", "Turn this list around: {t}")
    )
    answer = ", ".join(reversed(words))
    return ask(form.format(t=", ".join(words)), answer, answer)


def _upper(rng: Random) -> Chat:
    word = invented(rng, rng.choice((1, 2))) if rng.random() < 0.5 else rng.choice(THINGS)
    form = rng.choice(("Write {w} in capital letters.", "Put {w} in upper case.", "Shout {w}."))
    return ask(form.format(w=word), word.upper(), word.upper())


def _spell(rng: Random) -> Chat:
    word = rng.choice((rng.choice(THINGS), rng.choice(NAMES).lower(), invented(rng)))
    form = rng.choice(("Spell the word {w}.", "How do you spell {w}?", "Spell {w}."))
    answer = "-".join(word)
    return ask(form.format(w=word), answer, answer)


def _bullets(rng: Random) -> Chat:
    words = _words(rng, 2, 5)
    form = rng.choice(
        ("Make a bullet list of {t}.", "Turn this into a list: {t}.", "List these items: {t}.")
    )
    answer = "\n".join(f"- {word}" for word in words)
    return ask(form.format(t=listed(words)), answer, words[0], words[-1])


def _count(rng: Random) -> Chat:
    words = _words(rng, 2, 7)
    form = rng.choice(("How many words are in this list: {t}?", "Count the words: {t}."))
    return ask(form.format(t=", ".join(words)), f"There are {len(words)} words.", str(len(words)))


def make(rng: Random) -> Chat:
    kinds = (_repeat, _pick, _reverse, _upper, _spell, _bullets, _count)
    return rng.choices(kinds, (6, 3, 2, 1, 1, 2, 1))[0](rng)
