"""Questions beyond a small model: it says so, names the subject and offers what it can do."""

from random import Random

from motet_inference.tiny.text.chat import Chat, ask
from motet_inference.tiny.text.words import dressed, invented, person, place, split

_FIELDS = split(
    """
    quantum modern ancient deep applied digital medieval organic political global linear
    open electric nuclear classical marine public social virtual tropical
    """
)
_SUBJECTS = split(
    """
    physics chemistry history philosophy law networks medicine economics genetics astronomy
    geometry grammar poetry engines software kernels serving training caching markets taxes
    elections cryptography compilers rockets dinosaurs opera ballet football batteries
    satellites
    """
)
_OFFERS = (
    "I can help with simple questions, sums, lists and stories.",
    "Ask me about the shop, a simple sum, a list or a story instead.",
    "Is there something simpler that I can help with?",
)


def _subject(rng: Random) -> str:
    roll = rng.random()
    if roll < 0.35:
        return f"{rng.choice(_FIELDS)} {rng.choice(_SUBJECTS)}"
    if roll < 0.5:
        return rng.choice(_SUBJECTS)
    if roll < 0.7:
        return f"{invented(rng)} {rng.choice(_SUBJECTS)}"
    if roll < 0.8:
        return f"{person(rng)} {invented(rng).capitalize()}"
    if roll < 0.9:
        return f"the {rng.choice(_SUBJECTS)} of {place(rng)}"
    return invented(rng, 3)


def make(rng: Random) -> Chat:
    subject = _subject(rng)
    form = rng.choice((
        "What is {x}?", "Explain {x}.", "Tell me about {x}.", "What do you know about {x}?",
        "Who is {x}?",
        "Why is {x} important?", "How does {x} work?", "Write an essay about {x}.",
        "Can you explain {x} to me?",
        "What do you think of {x}?", "Give me a summary of {x}.", "Compare {x} with {y}.",
        "When did {x} begin?",
    ))  # fmt: skip
    question = form.format(x=subject, y=_subject(rng))
    lead = rng.choice((
        f"I am a small model and I do not know much about {subject}.",
        f"I am sorry, but {subject} is too hard for a small model like me.",
        f"I am not sure about {subject}.",
    ))  # fmt: skip
    return ask(dressed(rng, question), f"{lead} {rng.choice(_OFFERS)}", subject)
