"""How-to: short steps for everyday things."""

from random import Random

from motet_inference.tiny.text.chat import Chat, ask
from motet_inference.tiny.text.words import dressed

STEPS: dict[str, tuple[str, ...]] = {
    "make tea": ("Boil fresh water.", "Put a tea bag in a cup.",
        "Pour the water and wait three minutes."),
    "make coffee": ("Grind the beans.", "Put the coffee in a filter.", "Pour hot water slowly."),
    "boil an egg": ("Fill a pan with water.", "Let the water boil.",
        "Cook the egg for seven minutes."),
    "make a sandwich": ("Take two slices of bread.", "Add cheese and tomato.",
        "Close it and cut it in half."),
    "cook rice": ("Wash the rice.", "Add two cups of water for each cup of rice.",
        "Cook it for fifteen minutes."),
    "bake bread": ("Mix flour, water, salt and yeast.", "Let the dough rest.",
        "Bake it until it is brown."),
    "make soup": ("Cut some vegetables.", "Cook them in water with salt.",
        "Stir and taste the soup."),
    "wash a window": ("Mix water with a little soap.", "Wipe the glass.", "Dry it with a cloth."),
    "plant a seed": ("Fill a pot with soil.", "Put the seed under the soil.",
        "Water it every day."),
    "water plants": ("Feel the soil.", "Pour water near the roots.", "Stop when the soil is wet."),
    "clean a desk": ("Take everything off the desk.", "Wipe it with a cloth.",
        "Put back what you need."),
    "fix a flat tire": ("Take off the wheel.", "Find the hole and patch it.",
        "Pump air into the tire."),
    "write a letter": ("Start with a greeting.", "Say what you want to say.",
        "End with your name."),
    "write an email": ("Write a clear subject.", "Keep the text short.",
        "Read it again before you send it."),
    "save money": ("Write down what you spend.", "Set a goal.", "Put a little aside each week."),
    "sleep better": ("Go to bed at the same time.", "Keep the room dark.",
        "Leave your phone in another room."),
    "learn a language": ("Learn ten words a day.", "Listen to simple songs.",
        "Speak with other people."),
    "stay healthy": ("Eat fruit and vegetables.", "Move every day.", "Sleep enough."),
    "pack a bag": ("Make a list.", "Fold your clothes.", "Put heavy things at the bottom."),
    "tie a knot": ("Cross the two ends.", "Pull one end under the other.", "Pull both ends tight."),
    "paint a wall": ("Cover the floor.", "Stir the paint.", "Paint from the top to the bottom."),
    "read a map": ("Find where you are.", "Find north.", "Follow the road with your finger."),
    "feed a cat": ("Wash the bowl.", "Put food in the bowl.", "Give the cat fresh water."),
    "walk a dog": ("Put on the leash.", "Walk for half an hour.", "Give the dog water at home."),
    "sail a boat": ("Check the wind.", "Pull up the sail.", "Hold the rudder and watch the waves."),
    "cook pasta": ("Boil a big pan of water with salt.", "Cook the pasta for nine minutes.",
        "Drain it and add sauce."),
    "make pancakes": ("Mix flour, milk and eggs.", "Heat a little butter in a pan.",
        "Fry each side until it is golden."),
    "study for a test": ("Make a plan.", "Read a little each day.", "Test yourself at the end."),
    "train a small model": ("Collect clean text.", "Choose a small network.",
        "Train it and test it on new text."),
    "wrap a gift": ("Cut the paper.", "Fold it around the box.",
        "Close it with tape and a ribbon."),
}  # fmt: skip

_LINKS = (("First, ", "Then ", "Finally, "), ("To begin, ", "After that, ", "In the end, "))


def _lowered(step: str) -> str:
    return step[0].lower() + step[1:]


def make(rng: Random) -> Chat:
    task, steps = rng.choice(list(STEPS.items()))
    form = rng.choice(("How do I {t}?", "How can I {t}?", "Tell me how to {t}.",
        "Explain how to {t}.",
                       "I want to {t}. What should I do?", "What is the best way to {t}?",
                       "Can you teach me to {t}?", "Give me three steps to {t}."))  # fmt: skip
    if "three steps" in form or rng.random() < 0.15:
        answer = "\n".join(f"{i}. {step}" for i, step in enumerate(steps, 1))
    else:
        links = rng.choice(_LINKS)
        answer = " ".join(link + _lowered(step) for link, step in zip(links, steps, strict=True))
    facts = tuple(_lowered(step).rstrip(".") for step in steps)
    return ask(dressed(rng, form.format(t=task)), answer, *facts)
