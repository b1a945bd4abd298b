"""General knowledge: a small store of facts and many ways to ask for them."""

from random import Random

from motet_inference.tiny.text.chat import Chat, ask
from motet_inference.tiny.text.words import article, dressed, split


def _pairs(text: str) -> dict[str, str]:
    return dict(word.split(":") for word in split(text))


_CAPITALS = _pairs(
    """
    France:Paris Spain:Madrid Portugal:Lisbon Italy:Rome Germany:Berlin Austria:Vienna
    Norway:Oslo Sweden:Stockholm Denmark:Copenhagen Finland:Helsinki Poland:Warsaw
    Greece:Athens Ireland:Dublin Hungary:Budapest Belgium:Brussels Egypt:Cairo Kenya:Nairobi
    Ghana:Accra Japan:Tokyo China:Beijing India:Delhi Peru:Lima Chile:Santiago Canada:Ottawa
    Cuba:Havana Turkey:Ankara Iceland:Reykjavik Croatia:Zagreb Latvia:Riga Thailand:Bangkok
    Vietnam:Hanoi Ecuador:Quito
    """
)
_OPPOSITES = _pairs(
    """
    hot:cold big:small up:down fast:slow happy:sad light:dark old:young open:closed
    early:late wet:dry full:empty hard:soft high:low left:right long:short loud:quiet
    near:far rich:poor strong:weak thick:thin true:false good:bad clean:dirty day:night
    first:last
    """
)
_ANIMALS = {
    "cow": ("calf", "moo", "grass"), "dog": ("puppy", "bark", "meat"), "cat": ("kitten", "meow",
        "fish"),
    "sheep": ("lamb", "baa", "grass"), "horse": ("foal", "neigh", "hay"), "duck": ("duckling",
        "quack", "seeds"),
    "frog": ("tadpole", "croak", "flies"), "lion": ("cub", "roar", "meat"), "bear": ("cub",
        "growl", "berries"),
    "pig": ("piglet", "oink", "roots"), "goat": ("kid", "bleat", "leaves"), "owl": ("owlet",
        "hoot", "mice"),
    "bee": ("larva", "buzz", "nectar"), "hen": ("chick", "cluck", "corn"), "deer": ("fawn",
        "grunt", "leaves"),
    "swan": ("cygnet", "hiss", "plants"),
}  # fmt: skip
_COLOUR_OF = {
    "the sky": "blue", "grass": "green", "snow": "white", "coal": "black", "a banana": "yellow",
    "a tomato": "red", "a carrot": "orange", "milk": "white", "the sea": "blue",
    "a lemon": "yellow",
    "chocolate": "brown", "a plum": "purple", "an elephant": "grey", "a flamingo": "pink",
}  # fmt: skip
_WHAT = {
    "rain": "water that falls from clouds", "a bridge": "a road that crosses water",
    "a library": "a place where people borrow books", "a baker": "a person who makes bread",
    "a doctor": "a person who helps sick people",
    "the moon": "a round rock that goes around the earth",
    "the sun": "a star that gives us light and warmth",
    "a computer": "a machine that works with numbers and words",
    "a river": "water that flows to the sea", "a map": "a drawing of a place",
    "a compass": "a tool that shows where north is", "honey": "a sweet food made by bees",
    "ice": "water that is frozen", "a volcano": "a mountain that can throw out hot rock",
    "music": "sound that is nice to hear", "a desert": "a dry place with little rain",
    "a database": "a place where a computer keeps records",
    "an invoice": "a letter that asks for payment",
    "a language model": "a program that writes text one piece at a time",
    "an adapter": "a small add-on that teaches a model a new skill",
    "a computer program": "a list of steps for a computer",
    "the internet": "many computers that talk to each other",
    "a ship": "a large boat that crosses the sea", "an island": "land with water all around it",
}  # fmt: skip
_DAYS = split(
    """
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday
    """
)
_MONTHS = split(
    """
    January February March April May June July August September October November December
    """
)
_COUNTS = {
    "days are in a week": "There are 7 days in a week.",
    "months are in a year": "There are 12 months in a year.",
    "hours are in a day": "There are 24 hours in a day.",
    "legs does a spider have": "A spider has 8 legs.",
    "legs does a dog have": "A dog has 4 legs.",
    "minutes are in an hour": "There are 60 minutes in an hour.",
    "wheels does a bicycle have": "A bicycle has 2 wheels.",
    "sides does a triangle have": "A triangle has 3 sides.",
    "sides does a square have": "A square has 4 sides.",
    "legs does an insect have": "An insect has 6 legs.",
    "seconds are in a minute": "There are 60 seconds in a minute.",
    "weeks are in a year": "There are 52 weeks in a year.",
}  # fmt: skip


def _capital(rng: Random) -> Chat:
    country, city = rng.choice(list(_CAPITALS.items()))
    if rng.random() < 0.2:
        form = rng.choice(
            ("Which country has the capital {x}?", "{x} is the capital of which country?")
        )
        return ask(
            dressed(rng, form.format(x=city)), f"{city} is the capital of {country}.", country
        )
    form = rng.choice(("What is the capital of {x}?", "Which city is the capital of {x}?",
        "Name the capital of {x}.",
                       "Tell me the capital of {x}.", "{x}: what is its capital?",
                       "What is {x}'s capital city?"))  # fmt: skip
    return ask(dressed(rng, form.format(x=country)), f"The capital of {country} is {city}.", city)


def _opposite(rng: Random) -> Chat:
    a, b = rng.choice(list(_OPPOSITES.items()))
    if rng.random() < 0.5:
        a, b = b, a
    form = rng.choice(("What is the opposite of {x}?", "Name the opposite of {x}.",
        "Which word is the opposite of {x}?",
                       "Give me the opposite of {x}.", "Not {x}, but what?"))  # fmt: skip
    return ask(dressed(rng, form.format(x=a)), f"The opposite of {a} is {b}.", b)


def _animal(rng: Random) -> Chat:
    animal, (young, sound, food) = rng.choice(list(_ANIMALS.items()))
    one = article(animal)
    form, answer, fact = rng.choice((
        ("What is a baby {n} called?", f"A baby {animal} is called {article(young)}.", young),
        ("What do you call a young {n}?", f"A young {animal} is called {article(young)}.", young),
        ("What sound does {a} make?", f"{one.capitalize()} makes the sound {sound}.", sound),
        ("What does {a} say?", f"{one.capitalize()} says {sound}.", sound),
        ("What does {a} eat?", f"{one.capitalize()} eats {food}.", food),
        ("What food does {a} like?", f"{one.capitalize()} likes {food}.", food),
    ))  # fmt: skip
    return ask(dressed(rng, form.format(n=animal, a=one)), answer, fact)


def _colour(rng: Random) -> Chat:
    thing, colour = rng.choice(list(_COLOUR_OF.items()))
    form = rng.choice(
        (
            "What color is {x}?",
            "Which color does {x} have?",
            "What colour is {x}?",
            "Tell me the color of {x}.",
        )
    )
    return ask(
        dressed(rng, form.format(x=thing)), f"{thing[0].upper()}{thing[1:]} is {colour}.", colour
    )


def _definition(rng: Random) -> Chat:
    thing, meaning = rng.choice(list(_WHAT.items()))
    form = rng.choice(("What is {x}?", "Explain what {x} is.", "Can you explain {x}?",
        "What does {x} mean?",
                       "Tell me about {x}.", "Describe {x}."))  # fmt: skip
    return ask(
        dressed(rng, form.format(x=thing)), f"{thing[0].upper()}{thing[1:]} is {meaning}.", meaning
    )


def _calendar(rng: Random) -> Chat:
    cycle, unit = rng.choice(((_DAYS, "day"), (_MONTHS, "month")))
    i = rng.randrange(len(cycle))
    here = cycle[i]
    if rng.random() < 0.5:
        other, word = cycle[(i + 1) % len(cycle)], "after"
    else:
        other, word = cycle[i - 1], "before"
    form = rng.choice(
        ("Which {u} comes {w} {x}?", "What is the {u} {w} {x}?", "Name the {u} {w} {x}.")
    )
    return ask(
        dressed(rng, form.format(u=unit, w=word, x=here)),
        f"The {unit} {word} {here} is {other}.",
        other,
    )


def _count(rng: Random) -> Chat:
    question, answer = rng.choice(list(_COUNTS.items()))
    number = next(word for word in answer.split() if word.isdigit())
    form = rng.choice(("How many {x}?", "Tell me how many {x}.", "Do you know how many {x}?"))
    return ask(dressed(rng, form.format(x=question)), answer, number)


def make(rng: Random) -> Chat:
    kinds = (_capital, _opposite, _animal, _colour, _definition, _calendar, _count)
    return rng.choices(kinds, (4, 3, 4, 2, 4, 3, 2))[0](rng)
