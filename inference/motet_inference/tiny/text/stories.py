"""Short stories, poems and letters, put together from parts."""

from random import Random

from motet_inference.tiny.text.chat import Chat, ask
from motet_inference.tiny.text.words import COLOURS, article, dressed, person, place

_HEROES = ("baker", "sailor", "farmer", "painter", "teacher", "fox", "cat", "owl", "bear", "robot",
           "gardener", "fisher", "king", "queen", "tailor", "mouse", "dragon", "dog")  # fmt: skip
_WANTS = {
    "a lost key": "It was under the old bridge.",
    "a quiet place to sleep": "A soft bed of leaves was waiting there.",
    "a new friend": "A small bird sat down and began to sing.",
    "the tallest tree": "It stood behind the last hill.",
    "a warm coat": "An old woman gave one for free.", "the way home": "The stars showed the way.",
    "a golden bell": "It was hanging in a dark tower.",
    "a good song": "The wind was humming one all night.",
    "the best soup in the world": "A poor cook shared a bowl by the fire.",
    "a blue flower": "One was growing beside the road.",
}  # fmt: skip
_PLACES = ("in a deep forest", "by the sea", "on a green hill", "in a small town",
    "beside a wide river",
           "on a quiet island", "in a house of stone")  # fmt: skip
_TROUBLES = ("a heavy storm came", "the road was closed", "the night was very dark",
    "a wall stood in the way",
             "nobody knew the answer", "the river was too wide")  # fmt: skip
_HELPS = ("a kind stranger helped", "a little mouse had an idea", "the rain stopped",
    "an old friend came by",
          "a lamp was shining far away", "a child knew a better way")  # fmt: skip
_ENDS = ("From that day on, all was well.", "And they were friends for ever.",
    "That night everybody slept well.",
         "It was a good day after all.", "And that is how it ended.")  # fmt: skip


_LINKS = ("The next day", "A year later", "In the spring", "One winter", "After a long walk",
          "On a bright morning")  # fmt: skip


def story(rng: Random, hero: str, name: str) -> str:
    want, found = rng.choice(list(_WANTS.items()))
    return (
        f"Once there was {article(hero)} called {name} who lived {rng.choice(_PLACES)}. "
        f"{name} was looking for {want}. On the way {rng.choice(_TROUBLES)}, "
        f"but {rng.choice(_HELPS)}. {found} {rng.choice(_ENDS)}"
    )


def _story(rng: Random) -> Chat:
    hero, name = rng.choice(_HEROES), person(rng)
    form = rng.choice(("Tell me a story about {a}.", "Write a short story about {a}.",
        "I want a story about {a}.",
                       "Tell me a story about {a} called {n}.",
                       "Write a story about {n} the {h}."))  # fmt: skip
    question = form.format(a=article(hero), n=name, h=hero)
    if rng.random() < 0.2:
        question = rng.choice(
            ("Tell me a story.", "Write a story.", "I would like a story.", "Tell me a tale.")
        )
    elif "{n}" not in form:
        return ask(dressed(rng, question), story(rng, hero, name), hero)
    return ask(dressed(rng, question), story(rng, hero, name))


def _long(rng: Random) -> Chat:
    hero, name = rng.choice(_HEROES), person(rng)
    form = rng.choice(
        (
            "Tell me a long story.",
            "Tell me a long story about {a}.",
            "Write a long story about {a}.",
            "I want a very long story about {a}.",
        )
    )
    parts = [story(rng, hero, name)]
    for link in rng.sample(_LINKS, rng.randint(2, 5)):
        other = story(rng, rng.choice(_HEROES), person(rng)).removeprefix("Once there was ")
        parts.append(f"{link}, {name} met {other}")
    facts = (hero,) if "{a}" in form else ()
    return ask(dressed(rng, form.format(a=article(hero))), "\n\n".join(parts), *facts)


def _poem(rng: Random) -> Chat:
    subject = rng.choice(
        ("the sea", "the moon", "the rain", "a tree", "a river", "the night", "a bird", "the snow")
    )
    colour = rng.choice(COLOURS)
    form = rng.choice(
        (
            "Write a poem about {s}.",
            "Write a haiku about {s}.",
            "I would like a poem about {s}.",
            "A poem about {s}.",
        )
    )
    end = rng.choice(
        ("I stop and listen.", "I walk home slowly.", "Nobody says a word.", "The day is over.")
    )
    lines = (
        f"I look at {subject}.",
        f"It is {rng.choice(('quiet', 'soft', 'wide', 'old'))} and {colour}.",
        end,
    )
    return ask(dressed(rng, form.format(s=subject)), "\n".join(lines), subject)


def _letter(rng: Random) -> Chat:
    name, me, town = person(rng), person(rng), place(rng)
    subject = rng.choice(
        ("thank {n} for a gift", "invite {n} to {t}", "tell {n} that I moved to {t}")
    )
    body = {
        "thank {n} for a gift": "thank you so much for the gift. It made me very happy.",
        "invite {n} to {t}": f"I would like to invite you to {town}. I hope that you can come.",
        "tell {n} that I moved to {t}": f"I have moved to {town}. Please visit me soon.",
    }[subject]
    form = rng.choice(
        (
            "Write a note to {x}. Sign as {m}.",
            "Help me to {x}. My name is {m}.",
            "Write a letter to {x}, from {m}.",
        )
    )
    question = form.format(x=subject.format(n=name, t=town), m=me)
    return ask(question, f"Dear {name},\n{body}\nBest wishes,\n{me}", name, me)


def make(rng: Random) -> Chat:
    return rng.choices((_story, _long, _poem, _letter), (8, 2, 4, 4))[0](rng)
