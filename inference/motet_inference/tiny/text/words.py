"""Words that several generators share: people, places, things, and ways to dress a question."""

from random import Random


def split(text: str) -> tuple[str, ...]:
    """The words of a text laid out for the eye."""
    return tuple(text.split())


NAMES = split(
    """
    Ada Aiko Alba Amara Anders Anna Arlo Asha Astrid Ben Bianca Bram Carla Cleo Dana Dara
    David Dev Dina Edith Eli Elsa Emil Emma Enzo Eva Farah Felix Fiona Freya Gita Greta Hana
    Hugo Ida Imran Ines Iris Ivan Ivy Jade James Jan Jonas Juno Kai Karim Katya Kim Kofi
    Lara Lena Leo Lila Lin Luca Lucy Maja Marco Maria Marta Mateo Maya Mei Milo Mina Mona
    Nadia Nico Nina Noah Nora Olga Omar Oscar Otto Paula Pedro Petra Priya Quinn Rafa Rania
    Ravi Rosa Ruben Ruth Sam Sana Sara Selma Simon Sofia Stella Sven Tamsin Tara Theo Tilda
    Tom Uma Vera Victor Walter Wendy Will Yara Yusuf Zoe Zora
    """
)

CITIES = split(
    """
    Amsterdam Athens Austin Berlin Bergen Bologna Boston Bristol Brno Cairo Cardiff Chicago
    Cork Dakar Delft Denver Dublin Dundee Geneva Ghent Graz Hanoi Kyoto Lagos Leeds Lima
    Lisbon London Lyon Madrid Malaga Milan Munich Nairobi Naples Oslo Osaka Paris Porto
    Prague Quito Riga Rome Seoul Seville Sofia Tokyo Turin Utrecht Vienna Warsaw York Zagreb
    Zurich
    """
)

THINGS = split(
    """
    apples badges bags balls baskets bells books boots bottles bowls boxes bricks brushes
    buckets buttons cakes candles cards carrots chairs clocks coins combs cups drums eggs
    feathers forks gloves hats jars kites ladders lamps lemons maps marbles masks mugs nails
    nuts onions oranges pans peaches pears pencils pins plates plums pots ribbons rings
    ropes scarves shells shoes socks spoons stamps stickers stones tickets tiles towels toys
    tulips vases wheels
    """
)

COLOURS = split(
    """
    red blue green yellow white black brown grey pink purple orange silver golden
    """
)

_ONSETS = split("b br c d dr f g gl h j k l m n p r s st t tr v w z th sh")
_VOWELS = split("a e i o u ai ea oo")
_CODAS = split("n l r s t m d k x nd rk st")

_OPENINGS = (
    "Hi! ", "Hello! ", "Hello there. ", "Hey, ", "Quick question: ", "Excuse me, ",
    "Good morning! ",
    "Good evening. ", "Please tell me: ", "I have a question. ", "Just wondering, ",
    "Sorry to ask, ",
    "One more thing: ", "Help me out: ", "So, ", "Okay, ", "Hi again. ", "Dear assistant, ",
    "A question for you: ", "Can you help me? ",
)  # fmt: skip
_CLOSINGS = (
    " Thanks!", " Thank you.", " Please keep it short.", " I would like to know.", " Cheers!",
    " Many thanks.", " I am curious.", " It is for a friend.", " I forgot.", " Thanks in advance!",
)  # fmt: skip


def invented(rng: Random, syllables: int = 2) -> str:
    """A pronounceable word that is in no list: what a model must copy, not recall."""
    parts = [rng.choice(_ONSETS) + rng.choice(_VOWELS) for _ in range(syllables)]
    return "".join(parts) + (rng.choice(_CODAS) if rng.random() < 0.7 else "")


def person(rng: Random) -> str:
    return rng.choice(NAMES) if rng.random() < 0.7 else invented(rng).capitalize()


def place(rng: Random) -> str:
    return rng.choice(CITIES) if rng.random() < 0.8 else invented(rng).capitalize()


def dressed(rng: Random, question: str) -> str:
    """The question as people send it: with or without an opening, a name and a closing."""
    text = question
    if rng.random() < 0.55:
        opening = rng.choice(_OPENINGS)
        keeps_case = text.split()[0].rstrip("',.") == "I" or text[0].isdigit()
        joined = opening.rstrip().endswith((",", ":")) and not keeps_case
        text = opening + (text[0].lower() + text[1:] if joined else text)
    if rng.random() < 0.2:
        text = f"I am {person(rng)}. {text[0].upper()}{text[1:]}"
    if rng.random() < 0.35:
        text += rng.choice(_CLOSINGS)
    roll = rng.random()
    if roll < 0.08:
        text = text.lower()
    elif roll < 0.14:
        text = text.rstrip("?.!")
    return text


def listed(items: list[str] | tuple[str, ...]) -> str:
    """`a, b and c`."""
    if len(items) == 1:
        return items[0]
    return ", ".join(items[:-1]) + " and " + items[-1]


def article(noun: str) -> str:
    """The noun with `a` or `an`."""
    return ("an " if noun[0] in "aeiou" else "a ") + noun
