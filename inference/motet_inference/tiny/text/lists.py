"""Lists of things by kind."""

from random import Random

from motet_inference.tiny.text.chat import Chat, ask
from motet_inference.tiny.text.words import CITIES, dressed, listed

_KINDS = {
    "animals": ["dog", "cat", "horse", "cow", "sheep", "lion", "bear", "frog", "duck", "owl"],
    "fruits": ["apple", "pear", "plum", "peach", "lemon", "orange", "banana", "grape", "cherry"],
    "colors": ["red", "blue", "green", "yellow", "white", "black", "brown", "pink", "purple"],
    "vegetables": ["carrot", "onion", "potato", "tomato", "leek", "pea", "bean", "cabbage"],
    "cities": [city for city in CITIES if city in ("Paris", "Rome", "Oslo", "Lisbon", "Tokyo",
        "Lima", "Cairo", "Berlin")],
    "drinks": ["water", "tea", "coffee", "milk", "juice", "cocoa", "lemonade"],
    "tools": ["hammer", "saw", "drill", "wrench", "pliers", "ruler", "level"],
    "instruments": ["piano", "violin", "guitar", "drum", "flute", "trumpet", "cello"],
    "jobs": ["baker", "doctor", "teacher", "farmer", "sailor", "painter", "cook", "driver"],
    "sports": ["football", "tennis", "swimming", "running", "rowing", "chess", "cycling"],
    "things to take on a trip": ["a map", "a bottle of water", "a warm coat", "good shoes",
        "a book", "some snacks", "a light"],
    "gift ideas": ["a book", "a candle", "a mug", "a plant", "a scarf", "a game", "a box of tea"],
    "things to do on a rainy day": ["read a book", "bake a cake", "play a game", "draw a picture",
        "call a friend"],
    "names for a cat": ["Milo", "Luna", "Pepper", "Ginger", "Smoky", "Coco", "Tiger"],
    "seasons": ["spring", "summer", "autumn", "winter"],
}  # fmt: skip
_NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five"}


def make(rng: Random) -> Chat:
    kind, items = rng.choice(list(_KINDS.items()))
    count = rng.randint(2, min(5, len(items)))
    word = rng.choice((_NUMBERS[count], str(count)))
    form = rng.choice(("Name {n} {k}.", "Give me {n} {k}.", "List {n} {k}.", "Tell me {n} {k}.",
                       "Can you name {n} {k}?", "I need {n} {k}.",
                       "Give me a list of {n} {k}."))  # fmt: skip
    chosen = rng.sample(items, count)
    question = dressed(rng, form.format(n=word, k=kind))
    if "list" in form.lower():
        return ask(question, "\n".join(f"- {item}" for item in chosen))
    return ask(question, f"Here are {_NUMBERS[count]} {kind}: {listed(chosen)}.", _NUMBERS[count])
